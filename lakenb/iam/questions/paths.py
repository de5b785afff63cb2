"""What somebody can become, and open, step by step through doors.

One step is a call that AWS would let through today. What follows it may be a new identity with doors of its
own: the paths are the closure over these.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from lakenb.iam.proof.principals import holder
from lakenb.iam.questions.access import ORDER, Access, Standing, access
from lakenb.iam.questions.askers import asker
from lakenb.iam.questions.doors import DOORS, PASS_DOORS, Door, Gain, PassDoor
from lakenb.iam.questions.grants import actions_meet, grants, resources_meet
from lakenb.iam.questions.places import forms, label, literal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakenb.iam.proof.values import Who
    from lakenb.iam.questions.access import Context
    from lakenb.iam.questions.grants import Grant
    from lakenb.iam.stacks.world import Resource, World

_HANDING: Final = "iam:PassRole"
_BECOMES: Final = frozenset({Gain.IDENTITY, Gain.CODE})


@dataclass(frozen=True, slots=True)
class Step:
    """One step through a door.

    Parameters
    ----------
    text
        What is done, one sentence without its full stop.
    actions
        What it takes.
    statements
        The Allow statements that let it, as ``policy, statement``.
    condition
        On what condition, in words; else empty.
    page
        AWS's, on the door.
    """

    text: str
    actions: tuple[str, ...]
    statements: tuple[str, ...]
    condition: str
    page: str

    def __str__(self) -> str:
        """Return the step on one line."""
        told = f", if {self.condition}" if self.condition else ""
        return f"{self.text} ({' and '.join(self.actions)}, by {' and '.join(self.statements)}{told})"


@dataclass(frozen=True, slots=True)
class Path:
    """A way to something that the principal's own policies do not say.

    Parameters
    ----------
    steps
        In their order.
    gain
        What the last step gives.
    on
        The label of what it gives it on.
    """

    steps: tuple[Step, ...]
    gain: Gain
    on: str

    def __str__(self) -> str:
        """Return the steps on a line each."""
        lines = (f"  {number}. {step}" for number, step in enumerate(self.steps, start=1))
        return "\n".join((f"{self.on}: {self.gain.value}", *lines))


@dataclass(frozen=True, slots=True, repr=False)
class Reach:
    """Every path of somebody, shortest first.

    Parameters
    ----------
    principal
        The label.
    paths
        One to each thing and gain.
    becomes
        Logical ids of the roles and users that it can act as.
    """

    principal: str
    paths: tuple[Path, ...]
    becomes: tuple[str, ...]

    def __repr__(self) -> str:
        """Return the paths; that there is none is said."""
        if not self.paths:
            return f"{self.principal} reaches nothing beyond its own policies"
        lines = [f"{self.principal} reaches beyond its own policies:"]
        for path in self.paths:
            lines += [f"  {line}" for line in str(path).splitlines()]
        return "\n".join(lines)


def reach(world: World, principal: str) -> Reach:
    """Return what somebody can become and open through doors.

    Parameters
    ----------
    world
        One deployment of a template.
    principal
        As `lakenb.iam.questions.asked.can` takes it.

    Returns
    -------
    Reach
        Doors are rows of `lakenb.iam.questions.doors`, and lead to the template's own resources; a step that
        needs more than the request itself tells its condition.
    """
    who = asker(world, principal)
    found: dict[tuple[Gain, str], Path] = {}
    seen = {who.logical_id or who.label}
    becomes: list[str] = []
    waiting: deque[tuple[Who, tuple[Step, ...]]] = deque([(who, ())])
    while waiting:
        now, before = waiting.popleft()
        for gain, logical_id, step in _steps(world, now):
            if gain in _BECOMES and _acts_as(world, logical_id, gain) == who.logical_id != "":
                continue
            on = f"${{{logical_id}}}"
            path = Path((*before, step), gain, on)
            found.setdefault((gain, on), path)
            if gain not in _BECOMES:
                continue
            acts_as = _acts_as(world, logical_id, gain)
            if acts_as and acts_as not in seen:
                seen.add(acts_as)
                becomes.append(acts_as)
                waiting.append((holder(world, acts_as), path.steps))
    paths = sorted(found.values(), key=lambda path: (len(path.steps), path.on, path.gain.value))
    return Reach(who.label, tuple(paths), tuple(sorted(becomes)))


def _acts_as(world: World, logical_id: str, gain: Gain) -> str:
    """Return the identity that a step gives; empty where the template does not have it."""
    if gain is Gain.CODE and logical_id not in world.identities:
        role = world.resources[logical_id].properties.get("Role", "")
        return next((name for name, each in world.identities.items() if each.arn == role), "")
    identity = world.identities.get(logical_id)
    return logical_id if identity is not None and identity.principal is not None else ""


def _steps(world: World, who: Who) -> Iterator[tuple[Gain, str, Step]]:
    """Yield every door that is open to somebody, with what it leads to."""
    granted = tuple(grants(world, who))
    for door in DOORS:
        about = [grant for grant in granted if actions_meet(grant.action, door.action)]
        if not about:
            continue
        for resource in _of_types(world, door.on):
            found = _way(world, who, about, door.action, resource.arn)
            if found is not None and not _is_usual(world, who, door):
                text = f"{who.label} {door.text.format(on=label(world, resource.arn))}"
                step = Step(text, (door.action,), (found.statement,), found.condition, door.page)
                yield door.gain, resource.logical_id, step
    if any(actions_meet(grant.action, _HANDING) for grant in granted):
        yield from _passes(world, who, granted)


def _of_types(world: World, types: tuple[str, ...]) -> Iterator[Resource]:
    return (each for each in world.resources.values() if each.type in types and each.arn)


def _is_usual(world: World, who: Who, door: Door) -> bool:
    """Return whether a door is none for those of the account: they call functions, as they are meant to."""
    is_ours = bool(who.logical_id) or who.principal.account == world.account
    return door.gain is Gain.CALL and is_ours


def _way(  # noqa: PLR0917 - one question from all its parts
    world: World, who: Who, about: list[Grant], action: str, arn: str, told: Context = ()
) -> Access | None:
    """Return how an action on a resource, or on a part of it, is allowed; None where it is not."""
    found: list[Access] = []
    for form in forms(arn):
        is_part = form != literal(arn)
        if is_part is not action.endswith(":PutObjectAcl") and arn.startswith("arn:") and ":s3:::" in arn:
            continue
        found += [
            access(world, who, grant, action, action, form, told)
            for grant in about
            if resources_meet(grant.resource, form)
        ]
    widest = min(found, key=lambda each: ORDER[each.standing], default=None)
    return None if widest is None or widest.standing is Standing.DENIED else widest


def _passes(world: World, who: Who, granted: tuple[Grant, ...]) -> Iterator[tuple[Gain, str, Step]]:
    """Yield the roles that somebody can hand to a service together with code of its own."""
    passing = [grant for grant in granted if actions_meet(grant.action, _HANDING)]
    for door in PASS_DOORS:
        made = _made(world, who, granted, door)
        if made is None:
            continue
        told = (("iam:passedtoservice", (door.service,)),)
        for role in _of_types(world, ("AWS::IAM::Role",)):
            if not _trusts(world, role, door.service) or role.logical_id == who.logical_id:
                continue
            found = _way(world, who, passing, _HANDING, role.arn, told)
            if found is None:
                continue
            text = f"{who.label} {door.text.format(on=label(world, role.arn))}"
            statements = tuple(dict.fromkeys((found.statement, *(each.statement for _, each in made))))
            conditions = [each.condition for each in (found, *(one for _, one in made)) if each.condition]
            actions = (_HANDING, *(action for action, _ in made))
            step = Step(text, actions, statements, " and ".join(dict.fromkeys(conditions)), door.page)
            yield Gain.CODE, role.logical_id, step


def _made(
    world: World, who: Who, granted: tuple[Grant, ...], door: PassDoor
) -> list[tuple[str, Access]] | None:
    """Return how somebody may do everything that a door takes beside the role; None where it may not."""
    found: list[tuple[str, Access]] = []
    for action in door.create:
        one = _anywhere(world, who, granted, action)
        if one is None:
            return None
        found.append((action, one))
    if not door.starts:
        return found
    for action in door.starts:
        one = _anywhere(world, who, granted, action)
        if one is not None:
            return [*found, (action, one)]
    return None


def _anywhere(world: World, who: Who, granted: tuple[Grant, ...], action: str) -> Access | None:
    """Return how an action is allowed on anything at all."""
    ways = [
        access(world, who, grant, action, action, grant.resource)
        for grant in granted
        if actions_meet(grant.action, action)
    ]
    widest = min(ways, key=lambda each: ORDER[each.standing], default=None)
    return None if widest is None or widest.standing is Standing.DENIED else widest


def _trusts(world: World, role: Resource, service: str) -> bool:
    """Return whether a role can be taken on by a service."""
    who = asker(world, service)
    about = [grant for grant in grants(world, who) if actions_meet(grant.action, "sts:AssumeRole")]
    return _way(world, who, about, "sts:AssumeRole", role.arn) is not None
