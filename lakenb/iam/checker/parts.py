"""What has to be looked at: the parts of the zone that an Allow statement is about, and what cuts them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from lakenb.iam.checker.facts import OF_BUCKETS, OF_OBJECTS, SERVICES, actions_of
from lakenb.iam.checker.languages import (
    ACTION_NAMES,
    DIGIT,
    FIELD,
    MANY,
    ONE,
    Chain,
    Item,
    Letters,
    Reading,
    Some,
    classes,
    glob,
    literal,
    prefix,
    reading,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lakenb.iam.checker.setting import Setting, Stated
    from lakenb.iam.patterns import Pattern
    from lakenb.iam.policies import Statement

Groups = tuple[tuple[Chain, ...], ...]
"""A text is meant that, of each group, at least one chain takes."""

_NOT_COLON: Final = Some(Letters.FIELD, is_many=False)
_NAME: Final[Chain] = (_NOT_COLON, FIELD)
ACTION: Final[Chain] = (*_NAME, ":", *_NAME)
_HEAD: Final[Chain] = (*literal("arn:"), FIELD, ":", FIELD, ":", FIELD, ":")
_TWELVE: Final[Chain] = (DIGIT,) * 12


def arns(partition: str) -> tuple[Chain, ...]:
    """Return the texts that name a resource: ARNs, and ``*`` for an action that has none."""
    head = (*literal(f"arn:{partition}:"), *_NAME, ":", FIELD, ":")
    accounts: tuple[Chain, ...] = ((), _TWELVE, literal("aws"))
    return (literal("*"), *((*head, *account, ":", ONE, MANY) for account in accounts))


_DELEGATING: Final[tuple[Chain, ...]] = (
    (*literal("arn:"), FIELD, *literal(":kms:"), FIELD, ":", FIELD, *literal(":key/"), MANY),
    (*literal("arn:"), FIELD, *literal(":iam:"), FIELD, ":", FIELD, *literal(":role/"), MANY),
)
_KINDS: Final[tuple[Chain, ...]] = (
    *((*literal("arn:"), FIELD, *literal(f":{each}:"), MANY) for each in {*SERVICES, "s3-object-lambda"}),
    (*literal("arn:"), FIELD, *literal(":s3:::"), MANY),
    (*literal("arn:"), FIELD, *literal(":s3:::"), MANY, "/", MANY),
)
"""Resources of services, buckets with their objects, objects: what decides of what an action is asked."""
_KNOWN_ACTIONS: Final = {literal(each): each in OF_BUCKETS for each in OF_BUCKETS | OF_OBJECTS}
_DELEGATING_ACTIONS: Final = (glob("kms:*"), glob("sts:*"))
_IN_FIELD: Final = {MANY: FIELD, ONE: _NOT_COLON}
_IN_SOME_ACCOUNT: Final[Chain] = (*_HEAD, *_TWELVE, ":", MANY)
_PARTS_OF_OWNER: Final = {"s3": 1, "logs": 2, "lambda": 2, "dynamodb": 2}


@dataclass(frozen=True, slots=True)
class Part:
    """One pair of an action text and a resource text of an Allow statement.

    Parameters
    ----------
    stated
        The statement; None for what no statement has to allow.
    action, resource
        As a certificate writes them.
    actions, resources
        What the pair covers within the zone; none of `not_actions` and `not_resources`.
    """

    stated: Stated | None
    action: str
    resource: str
    actions: Groups
    resources: Groups
    not_actions: tuple[Chain, ...] = ()
    not_resources: tuple[Chain, ...] = ()


class Cutter:
    """The globs of a setting as chains.

    Parameters
    ----------
    setting
        Who asks, in which world, for what.
    """

    def __init__(self, setting: Setting) -> None:
        self.setting = setting
        self._read: dict[int, tuple[Pattern, Reading]] = {}
        # A zone is in our own notation: in the first five fields of an ARN its wildcards stay in their field.
        zone = setting.zone
        self.zone_actions: tuple[Chain, ...] = tuple(self.of(each).possible for each in zone.actions)
        self.zone_resources: tuple[Chain, ...] = tuple(
            chain for chain in (self.of(each).certain for each in zone.resources) if chain is not None
        )
        self.arns: tuple[Chain, ...] = arns(setting.world.partition)
        self.zone_possible: tuple[Chain, ...] = tuple(self.of(each).possible for each in zone.resources)

    def of(self, pattern: Pattern) -> Reading:
        """Return what a pattern covers, with the variables that who asks fixes."""
        kept = self._read.get(id(pattern))
        if kept is None:
            # with the pattern itself: its id is its own only as long as it lives
            kept = self._read[id(pattern)] = (pattern, reading(pattern, self._value))
        return kept[1]

    def _value(self, key: str) -> str | None:
        found = self.setting.principal.keys.get(key)
        return found[0] if found and len(found) == 1 else None

    # --- parts ------------------------------------------------------------------------------------------

    def whole(self) -> Part:
        """Return the zone as one part."""
        return Part(None, "*", "*", (self.zone_actions, (ACTION,)), (self.zone_resources, self.arns))

    def parts(self) -> Iterator[Part]:
        """Yield what Allow statements are about: those of who asks, and those of guards that can name it."""
        setting = self.setting
        # what a foreign principal's policies alone allow is in its own account: nothing of the template's.
        is_foreign = setting.principal.account != setting.world.account
        for stated in () if is_foreign else setting.own_statements():
            yield from self._parts(stated, ())
        for arn in self._near_guards((self.zone_resources,)):
            for stated in setting.naming(setting.world.guards[arn]):
                yield from self._parts(stated, (guarded(arn),))

    def _parts(self, stated: Stated, guards: Groups) -> Iterator[Part]:
        statement = stated.statement
        if not statement.is_allow:
            return
        for action, actions, not_actions in _actions(statement):
            for resource, resources, not_resources in self._resources(statement):
                yield Part(
                    stated,
                    action,
                    resource,
                    (self.zone_actions, (ACTION,), *actions),
                    (self.zone_resources, self.arns, *guards, *resources),
                    not_actions,
                    not_resources,
                )

    def _resources(self, statement: Statement) -> Iterator[tuple[str, Groups, tuple[Chain, ...]]]:
        if statement.resources is None:
            yield "*", (), ()
        elif statement.is_negated_resources:
            certain = (self.of(each).certain for each in statement.resources)
            yield "NotResource", (), tuple(chain for chain in certain if chain is not None)
        else:
            for each in statement.resources:
                yield each.source, ((self.of(each).possible,),), ()

    # --- what cuts them ---------------------------------------------------------------------------------

    def cuts(self, part: Part) -> tuple[list[Chain], list[Chain]]:
        """Return every glob that can tell apart the actions, and the resources, of a part."""
        setting = self.setting
        near = self._near_guards(part.resources)
        policies = [*setting.identity, *setting.boundaries, *(setting.world.guards[arn] for arn in near)]
        policies += [each.policy for each in setting.world.endpoints if each.policy is not None]
        statements = [statement for policy in policies for statement in policy.statements]
        actions = {glob(text.lower()) for each in statements for text in each.actions.texts}
        actions.update(_DELEGATING_ACTIONS, (glob(f"{service}:*") for service in SERVICES))
        keys = {each.name for one in statements for each in one.conditions}
        keys.update(key for each in (setting.zone, *setting.needs) for key in each.context)
        actions.update(glob(each) for each in actions_of(keys))
        patterns = [pattern for each in statements for pattern in each.resources or ()]
        for need in setting.needs:
            actions.update(self.of(each).possible for each in need.actions)
            patterns += need.resources
        resources = {chain for arn in near for chain in guarded(arn)}
        for pattern in patterns:
            read = self.of(pattern)
            resources.add(read.possible)
            if read.certain is not None:
                resources.add(read.certain)
        resources.update(_DELEGATING, _KINDS, self._places(statements), self._owned(part))
        return _near(actions, part.actions), _near(resources, part.resources)

    def actions(self, part: Part, cuts: Iterable[Chain]) -> list[str]:
        """Return an action of every class of a part.

        One of a class for each of what S3's known actions are asked of: buckets, objects, and either.
        """
        known = _near(_KNOWN_ACTIONS, part.actions)
        found = classes([*cuts, *known], part.actions, ACTION_NAMES)
        named = {chain for chain in known if chain not in set(cuts)}
        kept: dict[tuple[frozenset[Chain], bool | None], str] = {}
        for matched, action in found.items():
            kept.setdefault((matched - named, _KNOWN_ACTIONS.get(literal(action))), action)
        return list(kept.values())

    def _places(self, statements: Iterable[Statement]) -> Iterator[Chain]:
        """Yield the ARNs in some account, in that of who asks, and where conditions name a place."""
        yield _IN_SOME_ACCOUNT
        accounts, regions = {self.setting.principal.account, self.setting.world.account}, {"?*"}
        for statement in statements:
            for each in statement.conditions:
                accounts.update(each.values if each.name == "aws:resourceaccount" else ())
                regions.update(each.values if each.name == "aws:requestedregion" else ())
        for account in accounts - {""}:
            yield (*_HEAD, *_in_field(account), ":", MANY)
        for region in regions if len(regions) > 1 else ():
            yield (*_HEAD[:-2], *_in_field(region), ":", MANY)

    def _owned(self, part: Part) -> Iterator[Chain]:
        """Yield what the template's own resources own: the account of these is known."""
        begins = _begins(part.resources)
        for each in self.setting.world.resources.values():
            if each.arn and each.arn not in self.setting.world.guards and _is_near(each.arn, begins):
                yield from guarded(each.arn)

    def _near_guards(self, groups: Groups) -> list[str]:
        """Return the ARNs whose policies may guard something of the groups: what they guard begins so."""
        begins = _begins(groups)
        return [arn for arn in self.setting.world.guards if _is_near(arn, begins)]


def _in_field(text: str) -> Iterator[Item]:
    """Yield the items of a glob that stays within one field of an ARN."""
    return (item if isinstance(item, str) else _IN_FIELD[item] for item in glob(text))


def _actions(statement: Statement) -> Iterator[tuple[str, Groups, tuple[Chain, ...]]]:
    texts = statement.actions.texts
    if statement.actions.is_negated:
        yield "NotAction", (), tuple(glob(text.lower()) for text in texts)
    else:
        for text in texts:
            yield text, ((glob(text.lower()),),), ()


@lru_cache(maxsize=16_384)
def guarded(arn: str) -> tuple[Chain, ...]:
    """Return the ARNs that a policy guards, by the ARN that carries it: a bucket and its objects.

    Examples
    --------
    >>> [chain[-2:] for chain in guarded("arn:aws:s3:::b")][1][0]
    '/'
    """
    found = [literal(arn)]
    fields = arn.split(":", 5)
    if len(fields) > 5:  # noqa: PLR2004 - an ARN's six fields
        service, rest = fields[2], fields[5]
        between = ":" if service in {"logs", "lambda"} else "/"
        is_owner = len(rest.split(between)) == _PARTS_OF_OWNER.get(service, 0)
        if is_owner and not (service == "s3" and fields[4]):
            found.append((*literal(arn + between), MANY))
    return tuple(found)


def _near(chains: Iterable[Chain], groups: Groups) -> list[Chain]:
    """Return the chains that, by what they begin with, may share a text with each group."""
    begins = _begins(groups)
    return [chain for chain in chains if _is_near(prefix(chain), begins)]


def _begins(groups: Groups) -> list[tuple[str, ...]]:
    return [tuple({prefix(chain) for chain in group}) for group in groups]


def _is_near(start: str, begins: Iterable[tuple[str, ...]]) -> bool:
    return all(start.startswith(group) or any(each.startswith(start) for each in group) for group in begins)
