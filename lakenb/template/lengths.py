"""How long a template's values are once they are known: physical names at their longest.

Nothing is resolved here; a text of the same length stands for each value.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from lakenb.catalog.places import without_tokens

if TYPE_CHECKING:
    from collections.abc import Mapping

LONGEST_REGION = "ap-southeast-2"
# AWS CloudFormation User Guide, "Understand CloudFormation quotas" and CreateStack
LONGEST_STACK_NAME = 128
BUCKET_NAME = 63
_ACCOUNT = "1" * 12
_UUID = "1" * 36
_ID = "1" * 17
# what CloudFormation makes of a logical id: <stack>-<logical id>-<suffix>, cut to what the service takes
_SUFFIX = "-" + "X" * 13
# what a token of CDK may stand for: a bucket's name, or the longer ARN of a key
_TOKEN = len(f"arn:aws:kms:{LONGEST_REGION}:{_ACCOUNT}:key/{_UUID}")
_VARIABLE = re.compile(r"\$\{([^!}][^}]*)\}")
_INTRINSIC = ("Ref", "Fn::GetAtt", "Fn::Join", "Fn::Sub")
_PLACE = "{region}:{account}"

# For a type: the property that may name it, its longest name (each service's quotas page), Ref, and the ARN.
_FORMS: dict[str, tuple[str, int, str, str]] = {
    "AWS::DynamoDB::Table": ("TableName", 255, "{name}", f"arn:aws:dynamodb:{_PLACE}:table/{{name}}"),
    "AWS::Events::Rule": ("Name", 64, "{name}", f"arn:aws:events:{_PLACE}:rule/{{name}}"),
    "AWS::IAM::ManagedPolicy": ("ManagedPolicyName", 128, "arn:aws:iam::{account}:policy/{name}", ""),
    "AWS::IAM::Role": ("RoleName", 64, "{name}", "arn:aws:iam::{account}:role/{name}"),
    "AWS::KMS::Key": ("", 36, _UUID, f"arn:aws:kms:{_PLACE}:key/{_UUID}"),
    "AWS::Lambda::Function": ("FunctionName", 64, "{name}", f"arn:aws:lambda:{_PLACE}:function:{{name}}"),
    "AWS::Logs::LogGroup": ("LogGroupName", 512, "{name}", f"arn:aws:logs:{_PLACE}:log-group:{{name}}:*"),
    "AWS::S3::Bucket": ("BucketName", BUCKET_NAME, "{name}", "arn:aws:s3:::{name}"),
    "AWS::SNS::Topic": ("TopicName", 256, f"arn:aws:sns:{_PLACE}:{{name}}", ""),
    "AWS::SQS::Queue": (
        "QueueName",
        80,
        "https://sqs.{region}.amazonaws.com/{account}/{name}",
        f"arn:aws:sqs:{_PLACE}:{{name}}",
    ),
    "AWS::Scheduler::ScheduleGroup": (
        "Name",
        64,
        "{name}",
        f"arn:aws:scheduler:{_PLACE}:schedule-group/{{name}}",
    ),
    "AWS::StepFunctions::StateMachine": (
        "StateMachineName",
        80,
        f"arn:aws:states:{_PLACE}:stateMachine:{{name}}",
        "",
    ),
    "AWS::EC2::VPCEndpoint": ("", 22, f"vpce-{_ID}", ""),
    "AWS::EC2::Subnet": ("", 24, f"subnet-{_ID}", ""),
    "AWS::EC2::SecurityGroup": ("", 20, f"sg-{_ID}", f"sg-{_ID}"),
    "AWS::EC2::VPC": ("", 21, f"vpc-{_ID}", ""),
}
_UNKNOWN = ("", 128, f"arn:aws:service:{_PLACE}:{{name}}", f"arn:aws:service:{_PLACE}:{{name}}")


class Lengths:
    """Texts as long as a template's values.

    Parameters
    ----------
    resources
        The template's.
    stack_name
        The stack's name; None takes every name at its longest.
    region
        Where the stack is.
    homes
        The nested stack of each resource that is in one: its name is a part of generated names.
    """

    def __init__(
        self,
        resources: Mapping[str, Any],
        stack_name: str | None,
        region: str = LONGEST_REGION,
        homes: Mapping[str, str] | None = None,
    ) -> None:
        self._resources = resources
        self._stack_name = stack_name
        self._homes = homes or {}
        self._words = {"region": region, "account": _ACCOUNT}
        self._pseudo = {
            "AWS::AccountId": _ACCOUNT,
            "AWS::Partition": "aws",
            "AWS::Region": region,
            "AWS::StackName": "s" * LONGEST_STACK_NAME if stack_name is None else stack_name,
            "AWS::URLSuffix": "amazonaws.com",
        }

    def of(self, value: Any) -> str:  # noqa: PLR0911 - one return for each shape
        """Return a text as long as a value, objects and lists as compact JSON."""
        match value:
            case str():
                return without_tokens(value, "x" * _TOKEN)  # names of given buckets, and given keys' ARNs
            case {"Fn::Sub": str(text)}:
                return self._substituted(text, {})
            case {"Fn::Sub": [str(text), dict(own)]}:
                return self._substituted(text, own)
            case {"Fn::Join": [str(glue), list(parts)]}:
                return glue.join(map(self.of, parts))
            case {"Ref": str(name)}:
                return self._named(name, "")
            case {"Fn::GetAtt": [str(name), str(attribute)]}:
                return self._named(name, attribute)
            case dict():
                return (
                    f"{{{','.join(f'{json.dumps(key)}:{self._inside(one)}' for key, one in value.items())}}}"
                )
            case list():
                return f"[{','.join(map(self._inside, value))}]"
        return json.dumps(value)

    def _inside(self, value: Any) -> str:
        """Return a value within an object or a list: texts in quotes."""
        is_made = isinstance(value, dict) and len(value) == 1 and next(iter(value)) in _INTRINSIC
        return json.dumps(self.of(value)) if is_made or isinstance(value, str) else self.of(value)

    def _substituted(self, text: str, own: Mapping[str, Any]) -> str:
        def found(match: re.Match[str]) -> str:
            if match[1] in own:
                return self.of(own[match[1]])
            name, _, attribute = match[1].partition(".")
            return self._named(name, attribute)

        return _VARIABLE.sub(found, text)

    def _named(self, name: str, attribute: str) -> str:
        if name in self._pseudo:
            return self._pseudo[name]
        made = self._resources.get(name, {})
        named_by, longest, ref, arn = _FORMS.get(made.get("Type", ""), _UNKNOWN)
        given = made.get("Properties", {}).get(named_by) if named_by else None
        physical = self._generated(name) if given is None else self.of(given)
        return ((arn if attribute else ref) or ref).format(name=physical[:longest], **self._words)

    def _generated(self, logical_id: str) -> str:
        if self._stack_name is None:
            return "x" * LONGEST_STACK_NAME * 4
        stack, home = self._stack_name, self._homes.get(logical_id)
        if home is not None:
            stack = f"{stack}-{home}{_SUFFIX}"[:LONGEST_STACK_NAME]
        return f"{stack}-{logical_id}{_SUFFIX}"
