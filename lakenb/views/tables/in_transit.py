"""What a template demands of a resource's traffic: the Denies of its policy, read with their polarity.

A Deny counts when everybody, every action and the whole resource are named, and when its one condition is
the very condition. Two conditions in one statement are ANDed, and let through whatever meets only one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lakenb.iam.statements import PolicyStatement, read
from lakenb.iam.texts import Text, resolve, text
from lakenb.views.tables.at_rest import properties_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from lakenb.iam.statements import ConditionLine

BY_ENDPOINT = "TLS 1.2+ by the AWS endpoint"
_POLICY_OF = {
    "AWS::S3::BucketPolicy": "Bucket",
    "AWS::SQS::QueuePolicy": "Queues",
    "AWS::SNS::TopicPolicy": "Topics",
    "AWS::SNS::TopicInlinePolicy": "TopicArn",
    "AWS::SQS::QueueInlinePolicy": "Queue",
}
# AWS refuses sns:* in the policy of a topic: Publish is the one call that carries documents' events
_ALL_ACTIONS = {
    "AWS::S3::Bucket": frozenset({"s3:*", "*"}),
    "AWS::SQS::Queue": frozenset({"sqs:*", "*"}),
    "AWS::SNS::Topic": frozenset({"sns:publish", "sns:*", "*"}),
    "AWS::EFS::FileSystem": frozenset({"elasticfilesystem:*", "*"}),
}
_EVERYBODY = frozenset({("*", text(["*"])), ("AWS", text(["*"]))})
_PLAIN, _OLD = "aws:securetransport", "s3:tlsversion"
_LEAST = 1.2


@dataclass(frozen=True, slots=True)
class InTransit:
    """What the template demands of a resource's traffic.

    Parameters
    ----------
    words
        In words; ``N/A`` where nothing travels.
    evidence
        The policy and its Denies; or who else sees to it.
    faults
        What is missing, a few words each.
    """

    words: str
    evidence: str
    faults: tuple[str, ...] = ()


class Transit:
    """Looks up, for each resource of one template, what its policy denies.

    Parameters
    ----------
    template
        The template as a dict.
    """

    def __init__(self, template: Mapping[str, Any]) -> None:
        self._resources: Mapping[str, Any] = template.get("Resources", {})
        self._denials: dict[Text, list[PolicyStatement]] = {}
        for statement in read(template).statements:
            if statement.effect == "Deny":
                for target in self._targets(statement.logical_id):
                    self._denials.setdefault(target, []).append(statement)

    def of(self, logical_id: str) -> InTransit:
        """Return what the template demands of one resource's traffic."""
        kind = self._resources[logical_id].get("Type", "")
        match kind:
            case "AWS::S3::Bucket":
                return self._bucket(logical_id)
            case "AWS::SQS::Queue":
                arn = {"Fn::GetAtt": [logical_id, "Arn"]}
                return self._tls(logical_id, kind, [resolve(arn)])
            case "AWS::SNS::Topic":
                return self._tls(logical_id, kind, [resolve({"Ref": logical_id})])
            case "AWS::EFS::FileSystem":
                return self._tls(logical_id, kind, [])
            case "AWS::Lambda::Function" | "AWS::ECS::TaskDefinition":
                return InTransit("N/A", "")
            case _:
                return InTransit(BY_ENDPOINT, "")

    def _bucket(self, logical_id: str) -> InTransit:
        arn = {"Fn::GetAtt": [logical_id, "Arn"]}
        needed = [resolve(arn), resolve({"Fn::Join": ["", [arn, "/*"]]})]
        return self._judged(
            "TLS 1.2+",
            (
                ("plain HTTP is not denied", self._found(logical_id, _denies_plain, needed), _PLAIN),
                ("TLS below 1.2 is not denied", self._found(logical_id, _denies_old, needed), _OLD),
            ),
            logical_id,
        )

    def _tls(self, logical_id: str, kind: str, needed: list[Text]) -> InTransit:
        words = "TLS by the template, 1.2 by the AWS endpoint" if kind in _ALL_ACTIONS else BY_ENDPOINT
        found = self._found(logical_id, _denies_plain, needed)
        return self._judged(words, (("plain HTTP is not denied", found, _PLAIN),), logical_id)

    def _judged(
        self,
        words: str,
        demands: tuple[tuple[str, list[PolicyStatement], str], ...],
        logical_id: str,
    ) -> InTransit:
        met = [statement for _, found, _ in demands for statement in found]
        faults = tuple(
            fault + self._near_miss(logical_id, key, met) for fault, found, key in demands if not found
        )
        said = "; ".join(
            f"{policy}: {', '.join(dict.fromkeys(one.sid for one in met if one.logical_id == policy))}"
            for policy in sorted({one.logical_id for one in met})
        )
        if not faults:
            return InTransit(words, said)
        shown = "TLS of any version" if met and demands[0][1] else "TLS not demanded"
        return InTransit(shown, said or "no policy denies it", faults)

    def _found(
        self, logical_id: str, fits: Callable[[ConditionLine], bool], needed: list[Text]
    ) -> list[PolicyStatement]:
        """Return the Denies with that very condition; none unless together they cover the resource."""
        actions = _ALL_ACTIONS[self._resources[logical_id]["Type"]]
        statements = [
            one
            for one in self._denials_of(logical_id)
            if _names_everybody(one, actions) and len(one.conditions) == 1 and fits(one.conditions[0])
        ]
        covered = {resource for one in statements for resource in one.resources}
        whole = text(["*"]) in covered or covered.issuperset(needed)
        return statements if whole else []

    def _near_miss(self, logical_id: str, key: str, met: list[PolicyStatement]) -> str:
        """Return which statement comes near, and why it does not count; empty when there is none."""
        for one in self._denials_of(logical_id):
            lines = [line for line in one.conditions if line.key.lower() == key]
            if one in met or not lines:
                continue
            if len(one.conditions) > 1:
                return f" ({one.sid} ANDs it with another condition, and lets through what meets only one)"
            value = ", ".join(map(str, lines[0].values))
            return f" ({one.sid} does not do it: {lines[0].operator} {value}, or not on all of it)"
        return ""

    def _denials_of(self, logical_id: str) -> list[PolicyStatement]:
        condition = self._resources[logical_id].get("Condition")
        names = [{"Ref": logical_id}]
        explicit = properties_of(self._resources[logical_id]).get("BucketName")
        if explicit is not None:
            names.append(explicit)
        found = [one for name in names for one in self._denials.get(resolve(name), [])]
        # a policy that CloudFormation may leave out protects nothing for sure
        return [one for one in found if self._resources[one.logical_id].get("Condition") in (None, condition)]

    def _targets(self, logical_id: str) -> Iterator[Text]:
        resource = self._resources[logical_id]
        kind = resource.get("Type", "")
        if kind == "AWS::EFS::FileSystem":
            yield resolve({"Ref": logical_id})
        named = properties_of(resource).get(_POLICY_OF.get(kind, ""), [])
        yield from map(resolve, named if isinstance(named, list) else [named])


def _names_everybody(statement: PolicyStatement, actions: Iterable[str]) -> bool:
    if statement.negates_principals or statement.negates_actions or statement.negates_resources:
        return False
    named = {str(action).lower() for action in statement.actions}
    return not _EVERYBODY.isdisjoint(statement.principals) and not named.isdisjoint(actions)


def _denies_plain(line: ConditionLine) -> bool:
    return (
        line.operator in {"Bool", "BoolIfExists"}
        and line.key.lower() == _PLAIN
        and [str(value).lower() for value in line.values] == ["false"]
    )


def _denies_old(line: ConditionLine) -> bool:
    if line.operator not in {"NumericLessThan", "NumericLessThanIfExists"} or line.key.lower() != _OLD:
        return False
    try:
        versions = [float(str(value)) for value in line.values]
    except ValueError:
        return False
    return len(versions) == 1 and versions[0] >= _LEAST
