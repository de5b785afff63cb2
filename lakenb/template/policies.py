"""Statements of the model as policy documents, and targets as ARNs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lakenb.security.values import ACCOUNT, EVERYONE, Sort, Statement, Target
from lakenb.template.key_names import arn_of_key
from lakenb.template.names import CACHE, Kind, bucket_name, logical_id, machine_name, queue_name
from lakenb.template.network_names import arn_in_networks

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from lakenb.security.stores import Store
    from lakenb.security.values import Condition

VERSION = "2012-10-17"
_SPECIAL = {"*": "${*}", "?": "${?}", "$": "${$}"}
_OWN_ARN = {
    Sort.QUEUE: Kind.QUEUE,
    Sort.DEAD_LETTERS: Kind.DEAD_LETTERS,
    Sort.BUCKET: Kind.STORE,
    Sort.LOGS: Kind.LOGS,
    Sort.OBJECTS: Kind.STORE,
    Sort.RULE: Kind.RULE,
    Sort.TABLE: Kind.TABLE,
    Sort.SCHEDULE_GROUP: Kind.SCHEDULE_GROUP,
    Sort.SCHEDULE_ROLE: Kind.SCHEDULE_ROLE,
    Sort.MACHINE: Kind.MACHINE,
    Sort.MACHINE_ROLE: Kind.MACHINE_ROLE,
    Sort.FILES: Kind.FILES,
    Sort.ACCESS_POINT: Kind.ACCESS_POINT,
    Sort.INDEX_BUCKET: Kind.INDEX,
    Sort.INDEX_OBJECTS: Kind.INDEX,
    Sort.FUNCTION: Kind.FUNCTION,
}


def literal(text: str) -> str:
    """Escape what IAM would read as a wildcard or a variable.

    Source: IAM User Guide, "IAM policy elements: Variables and tags", special characters.

    Examples
    --------
    >>> literal("50%/*?$")
    '50%/${*}${?}${$}'
    """
    return "".join(_SPECIAL.get(character, character) for character in text)


class Arns:
    """Turns targets into ARNs; where a reference would close a cycle, by the explicit name.

    Parameters
    ----------
    pipeline
        The pipeline's id, a part of the names of triggers' buckets.
    triggers
        Ids of the nodes whose buckets have explicit names.
    queues
        ARNs of given queues, by the ids of their triggers.
    """

    def __init__(self, pipeline: str, triggers: frozenset[str], queues: Mapping[str, str]) -> None:
        self.pipeline: str = pipeline
        self.triggers: frozenset[str] = triggers
        self.queues: Mapping[str, str] = queues

    def of(self, target: Target) -> Any:  # noqa: PLR0911 - one return for each sort
        """Return the ARN of a target."""
        if (found := arn_in_networks(target)) is not None:
            return found
        if (found := arn_of_key(target)) is not None:
            return found
        sort = Sort(target.sort)
        if sort is Sort.TOPIC:
            return {"Ref": logical_id(target.node, Kind.TOPIC)}
        if sort is Sort.GIVEN_QUEUE:
            return self.queues[target.node]
        if sort is Sort.SCHEDULES:
            group = {"Ref": logical_id(target.node, Kind.SCHEDULE_GROUP)}
            place = ":scheduler:${AWS::Region}:${AWS::AccountId}:schedule/${Group}/*"
            return {"Fn::Sub": [f"arn:${{AWS::Partition}}{place}", {"Group": group}]}
        if sort in {Sort.CACHE_BUCKET, Sort.CACHE_OBJECTS}:
            base: Any = {"Fn::GetAtt": [CACHE, "Arn"]}
        else:
            base = {"Fn::GetAtt": [logical_id(target.node, _OWN_ARN[sort]), "Arn"]}
        if not target.key_parts:
            return base
        keys = "*".join(literal(part) for part in target.key_parts)
        if target.bucket:
            # INVARIANT: a given name is a text of its own, never in Fn::Sub: a token of CDK holds '${' itself
            bucket = ["arn:", {"Ref": "AWS::Partition"}, ":s3:::", target.bucket]
            return {"Fn::Join": ["", [*bucket, f"/{keys}"]]}
        return {"Fn::Join": ["", [base, f"/{keys}"]]}

    @staticmethod
    def bucket(store: Store) -> Any:
        """Return the name of a store's bucket: a given one's as it was given, else by reference."""
        return store.bucket or {"Ref": logical_id(store.node, Kind.STORE)}

    def of_source(self, target: Target) -> Any:
        """Return the ARN of a condition's source: by name where that one is made after the policy."""
        if target.sort == Sort.BUCKET.value and target.node in self.triggers:
            name = bucket_name(self.pipeline, target.node)["Fn::Sub"]
            return {"Fn::Sub": f"arn:${{AWS::Partition}}:s3:::{name}"}
        if target.sort == Sort.MACHINE.value:
            name = machine_name(target.node)["Fn::Sub"]
            place = ":states:${AWS::Region}:${AWS::AccountId}:stateMachine:"
            return {"Fn::Sub": f"arn:${{AWS::Partition}}{place}{name}"}
        return self.of(target)

    def queue_by_name(self, node: str) -> Any:
        """Return the ARN of a queue by its name: the dead-letter queue is made before it."""
        name = queue_name(node)["Fn::Sub"]
        return {"Fn::Sub": f"arn:${{AWS::Partition}}:sqs:${{AWS::Region}}:${{AWS::AccountId}}:{name}"}


def document(statements: Iterable[Statement], arns: Arns) -> dict[str, Any]:
    """Return a policy document."""
    return {"Version": VERSION, "Statement": [_statement(statement, arns) for statement in statements]}


def _statement(statement: Statement, arns: Arns) -> dict[str, Any]:
    written: dict[str, Any] = {"Sid": statement.sid, "Effect": statement.effect}
    if statement.principal is not None:
        written["Principal"] = _principal(statement.principal)
    written["Action"] = _one_or_all(statement.actions)
    written["Resource"] = _one_or_all([arns.of(target) for target in statement.resources])
    if statement.conditions:
        written["Condition"] = conditions(statement.conditions, arns)
    return written


def conditions(lines: Iterable[Condition], arns: Arns) -> dict[str, dict[str, Any]]:
    """Return the conditions of a statement."""
    written: dict[str, dict[str, Any]] = {}
    for condition in lines:
        values = [_value(value, arns) for value in condition.values]
        written.setdefault(condition.operator, {})[condition.key] = _one_or_all(values)
    return written


def _principal(principal: str) -> Any:
    if principal == EVERYONE:
        return "*"
    if principal == ACCOUNT:
        return {"AWS": {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"}}
    return {"Service": _text(principal)}


def _value(value: Target | str, arns: Arns) -> Any:
    if isinstance(value, Target):
        return arns.of_source(value)
    return {"Ref": "AWS::AccountId"} if value == ACCOUNT else _text(value)


def _text(text: str) -> Any:
    """Return a text in which CloudFormation fills its own parameters in, such as the Region."""
    return {"Fn::Sub": text} if "${AWS::" in text else text


def _one_or_all(values: Any) -> Any:
    return values[0] if len(values) == 1 else list(values)
