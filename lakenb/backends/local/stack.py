"""A deployed stack: physical ids, and the template's intrinsics resolved with them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lakenb.template.names import Kind, logical_id

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lakenb.template.split import Split

_VARIABLE = re.compile(r"\$\{([^!}][^}]*)\}")
_ARNS = {
    "AWS::DynamoDB::Table": "arn:aws:dynamodb:{place}:table/{name}",
    "AWS::EFS::AccessPoint": "arn:aws:elasticfilesystem:{place}:access-point/{name}",
    "AWS::EFS::FileSystem": "arn:aws:elasticfilesystem:{place}:file-system/{name}",
    "AWS::Events::Rule": "arn:aws:events:{place}:rule/{name}",
    "AWS::IAM::Role": "arn:aws:iam::{account}:role/{name}",
    "AWS::KMS::Key": "arn:aws:kms:{place}:key/{name}",
    "AWS::Lambda::Function": "arn:aws:lambda:{place}:function:{name}",
    "AWS::Logs::LogGroup": "arn:aws:logs:{place}:log-group:{name}:*",
    "AWS::S3::Bucket": "arn:aws:s3:::{name}",
    "AWS::Scheduler::ScheduleGroup": "arn:aws:scheduler:{place}:schedule-group/{name}",
    "AWS::SQS::Queue": "arn:aws:sqs:{place}:{name}",
}


@dataclass(frozen=True, slots=True)
class Stack:
    """What CloudFormation made of a template.

    Parameters
    ----------
    name, account, region
        Where it stands.
    template
        The whole template in one piece, also where nested stacks hold it.
    physical
        Physical id by logical id, as ``Ref`` gives it: nested stacks' resources, too.
    split
        The templates as they were deployed.
    """

    name: str
    account: str
    region: str
    template: Mapping[str, Any]
    physical: Mapping[str, str]
    split: Split

    @property
    def paths(self) -> dict[str, str]:
        """Physical ids by where the resources are: ``logical id``, or ``nested stack/logical id``."""
        homes = self.split.homes
        return {
            f"{homes[name]}/{name}" if name in homes else name: physical
            for name, physical in self.physical.items()
        }

    def id(self, node: str, kind: Kind) -> str:
        """Return the physical id of a node's resource."""
        return self.physical[logical_id(node, kind)]

    def has(self, node: str, kind: Kind) -> bool:
        """Tell whether a node has such a resource."""
        return logical_id(node, kind) in self.physical

    def arn(self, node: str, kind: Kind) -> str:
        """Return the ARN of a node's resource."""
        return self._arn(logical_id(node, kind))

    def queue_arn(self, node: str) -> str:
        """Return the ARN of the queue that a node's function is sent from: its own, or a given one."""
        mapping = self.template["Resources"][logical_id(node, Kind.MAPPING)]
        arn: str = self.resolve(mapping["Properties"]["EventSourceArn"])
        return arn

    def resolve(self, value: Any) -> Any:  # noqa: PLR0911 - one return for each shape
        """Return a template's value with its intrinsics resolved."""
        match value:
            case {"Ref": str(name)} if len(value) == 1:
                return self._ref(name)
            case {"Fn::GetAtt": [str(name), "Arn"]} if len(value) == 1:
                return self._arn(name)
            case {"Fn::GetAtt": [str(name), "GroupId"]} if len(value) == 1:
                return self._ref(name)  # of a security group in a VPC both are its id
            case {"Fn::Sub": str(text)} if len(value) == 1:
                return _VARIABLE.sub(lambda match: self._ref(match[1]), text)
            case {"Fn::Sub": [str(text), dict(given)]} if len(value) == 1:
                known = {name: self.resolve(one) for name, one in given.items()}
                return _VARIABLE.sub(lambda match: known.get(match[1]) or self._ref(match[1]), text)
            case {"Fn::Join": [str(glue), list(parts)]} if len(value) == 1:
                return glue.join(self.resolve(part) for part in parts)
            case dict():
                return {key: self.resolve(item) for key, item in value.items()}
            case list():
                return [self.resolve(item) for item in value]
        return value

    def _ref(self, name: str) -> str:
        pseudo = {
            "AWS::AccountId": self.account,
            "AWS::Partition": "aws",
            "AWS::Region": self.region,
            "AWS::StackName": self.name,
        }
        return pseudo[name] if name in pseudo else self.physical[name]

    def _arn(self, name: str) -> str:
        physical, shape = self.physical[name], _ARNS.get(self.template["Resources"][name]["Type"])
        if shape is None:
            return physical  # a topic's Ref is its ARN
        own = physical.rpartition("/")[2] if physical.startswith("http") else physical  # a queue's is its URL
        return shape.format(place=f"{self.region}:{self.account}", account=self.account, name=own)
