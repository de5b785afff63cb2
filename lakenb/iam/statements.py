"""The statements of a template's policies, with the place that each stands at.

This reader knows the kinds of policies that lakenb's own templates hold, and says of everything else that
it holds a policy (`Unread`): nothing is passed over in silence.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lakenb.iam.policies import PolicyKind
from lakenb.iam.texts import Text, resolve

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


@dataclass(frozen=True, slots=True)
class ConditionLine:
    """One operator and key of a statement's condition; any of the values fits."""

    operator: str
    key: str
    values: tuple[Text, ...]


@dataclass(frozen=True, slots=True)
class PolicyStatement:
    """One statement, as the template has it.

    Parameters
    ----------
    logical_id
        The resource that carries the policy.
    policy_type
        What kind of policy it stands in.
    holders
        The roles that an identity policy belongs to, as references; none for the others.
    sid, effect
        As written; a Sid may be empty.
    principals
        Pairs of sort and value, such as ``("Service", sns.amazonaws.com)``; ``("*", *)`` is everybody. None
        in an identity policy.
    actions, resources
        What is named. With `negates_actions` or `negates_resources` everything but these, with
        `negates_principals` everybody but these.
    conditions
        All of them must hold.
    """

    logical_id: str
    policy_type: PolicyKind
    holders: tuple[Text, ...]
    sid: str
    effect: str
    principals: tuple[tuple[str, Text], ...]
    actions: tuple[Text, ...]
    resources: tuple[Text, ...]
    conditions: tuple[ConditionLine, ...]
    negates_principals: bool = False
    negates_actions: bool = False
    negates_resources: bool = False


@dataclass(frozen=True, slots=True)
class Unread:
    """Something in the template that grants, and that this reader cannot take apart.

    Parameters
    ----------
    logical_id
        The resource that carries it.
    holders
        The roles that it belongs to, as references; none where it is a resource's.
    what
        What it is, in a few words.
    value
        What the template says there.
    """

    logical_id: str
    holders: tuple[Text, ...]
    what: str
    value: Text


@dataclass(frozen=True, slots=True)
class Policies:
    """Every statement of a template, and what could not be read."""

    statements: tuple[PolicyStatement, ...]
    unread: tuple[Unread, ...]


_IDENTITY_TYPES = frozenset(
    {"AWS::IAM::Policy", "AWS::IAM::ManagedPolicy", "AWS::IAM::RolePolicy", "AWS::IAM::UserPolicy"}
)
_DOCUMENT_PROPERTIES = ("PolicyDocument", "KeyPolicy", "ResourcePolicy", "FileSystemPolicy", "AccessPolicy")


def read(template: Mapping[str, Any]) -> Policies:
    """Return the statements of every policy in a CloudFormation template.

    Parameters
    ----------
    template
        The template as a dict. Resources are read in the order of their logical ids.

    Returns
    -------
    Policies
        Statements of roles, of policies attached to roles, and of every resource with a policy document of
        its own; managed policies of elsewhere and malformed documents as `Unread`.
    """
    statements: list[PolicyStatement] = []
    unread: list[Unread] = []
    resources = template.get("Resources", {})
    takers = _takers(resources)
    for logical_id in sorted(resources):
        resource = resources[logical_id]
        kind, properties = resource.get("Type", ""), resource.get("Properties", {})
        for found in _policies(logical_id, kind, properties, takers):
            if isinstance(found, PolicyStatement):
                statements.append(found)
            else:
                unread.append(found)
    return Policies(tuple(statements), tuple(unread))


def _takers(resources: Mapping[str, Any]) -> dict[str, list[Text]]:
    """Return, by managed policy of the template, the roles that name it."""
    found: dict[str, list[Text]] = {}
    for logical_id, resource in sorted(resources.items()):
        if resource.get("Type") != "AWS::IAM::Role":
            continue
        for named in _listed(resource.get("Properties", {}).get("ManagedPolicyArns", [])):
            policy = named.get("Ref", "") if isinstance(named, dict) else ""
            if policy in resources and resources[policy].get("Type") == "AWS::IAM::ManagedPolicy":
                found.setdefault(policy, []).append(resolve({"Ref": logical_id}))
    return found


def _policies(
    logical_id: str, kind: str, properties: Mapping[str, Any], takers: Mapping[str, list[Text]]
) -> Iterator[PolicyStatement | Unread]:
    if kind == "AWS::IAM::Role":
        yield from _role(logical_id, properties, takers)
        return
    if kind == "AWS::Lambda::Permission":
        principal = resolve(properties.get("Principal", "*"))
        yield Unread(logical_id, (), "permission to invoke a function", principal)
        return
    is_identity = kind in _IDENTITY_TYPES
    named = [*_listed(properties.get("Roles", [])), *_listed(properties.get("RoleName", []))]
    holders = (*map(resolve, named), *takers.get(logical_id, ())) if is_identity else ()
    policy_type = PolicyKind.IDENTITY if is_identity else PolicyKind.RESOURCE
    for name in _DOCUMENT_PROPERTIES:
        if name in properties:
            yield from _document(logical_id, policy_type, holders, properties[name])


def _role(
    logical_id: str, properties: Mapping[str, Any], takers: Mapping[str, list[Text]]
) -> Iterator[PolicyStatement | Unread]:
    holders = (resolve({"Ref": logical_id}),)
    if "AssumeRolePolicyDocument" in properties:
        yield from _document(logical_id, PolicyKind.TRUST, (), properties["AssumeRolePolicyDocument"])
    for inline in _listed(properties.get("Policies", [])):
        document = inline.get("PolicyDocument") if isinstance(inline, dict) else inline
        yield from _document(logical_id, PolicyKind.IDENTITY, holders, document)
    for managed in _listed(properties.get("ManagedPolicyArns", [])):
        if isinstance(managed, dict) and managed.get("Ref") in takers:
            continue  # read where it stands
        yield Unread(logical_id, holders, "managed policy", resolve(managed))


def _document(
    logical_id: str, policy_type: PolicyKind, holders: tuple[Text, ...], document: Any
) -> Iterator[PolicyStatement | Unread]:
    written = document.get("Statement") if isinstance(document, dict) else None
    if written is None:
        yield Unread(logical_id, holders, f"{policy_type.value} without statements", resolve(document))
        return
    for one in _listed(written):
        if isinstance(one, dict) and one.get("Effect") in ("Allow", "Deny"):
            yield _statement(logical_id, policy_type, holders, one)
        else:
            yield Unread(logical_id, holders, f"statement of a {policy_type.value}", resolve(one))


def _statement(
    logical_id: str, policy_type: PolicyKind, holders: tuple[Text, ...], written: Mapping[str, Any]
) -> PolicyStatement:
    return PolicyStatement(
        logical_id=logical_id,
        policy_type=policy_type,
        holders=holders,
        sid=str(resolve(written.get("Sid", ""))),
        effect=written["Effect"],
        principals=tuple(_principals(written.get("Principal", written.get("NotPrincipal")))),
        actions=_texts(written, "Action"),
        resources=_texts(written, "Resource"),
        conditions=tuple(_conditions(written.get("Condition", {}))),
        negates_principals="NotPrincipal" in written,
        negates_actions="NotAction" in written,
        negates_resources="NotResource" in written,
    )


def _principals(written: Any) -> Iterator[tuple[str, Text]]:
    match written:
        case None:
            return
        case dict():
            for sort in sorted(written):
                for value in _listed(written[sort]):
                    yield sort, resolve(value)
        case _:
            yield "*" if written == "*" else "?", resolve(written)


def _conditions(written: Any) -> Iterator[ConditionLine]:
    if not isinstance(written, dict):
        yield ConditionLine("?", "?", (resolve(written),))
        return
    for operator in sorted(written):
        keys = written[operator]
        if not isinstance(keys, dict):
            yield ConditionLine(operator, "?", (resolve(keys),))
            continue
        for key in sorted(keys):
            yield ConditionLine(operator, key, tuple(map(resolve, _listed(keys[key]))))


def _texts(written: Mapping[str, Any], name: str) -> tuple[Text, ...]:
    return tuple(map(resolve, _listed(written.get(name, written.get(f"Not{name}", [])))))


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
