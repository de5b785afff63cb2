"""A role with more statements than inline policies hold: the rest in managed policies of its own.

What the role may do is the same, statement by statement. The role names the policies, so that nothing takes
it before all of them are there.

Source: IAM User Guide, "IAM and AWS STS quotas": all inline policies of a role together have 10,240
characters, a managed policy 6,144, white space not counted; a role has ten managed policies.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lakenb.template.lengths import Lengths
from lakenb.template.policies import VERSION
from lakenb.template.resources import resource

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lakenb.template.resources import Resource

INLINE_CHARACTERS = 10_240
MANAGED_CHARACTERS = 6_144
_ROLE = "AWS::IAM::Role"


def spread(made: dict[str, Resource]) -> None:
    """Move what is too much for the inline policies of roles into managed ones.

    Names are taken at their longest, so that a stack's name decides nothing.

    Parameters
    ----------
    made
        The resources of a template by logical id; changed in place.
    """
    lengths = Lengths(made, None)
    for logical_id in sorted(name for name, one in made.items() if one["Type"] == _ROLE):
        properties = made[logical_id]["Properties"]
        inline = properties.get("Policies", [])
        if sum(len(lengths.of(one["PolicyDocument"])) for one in inline) <= INLINE_CHARACTERS:
            continue
        kept, moved = _shared_out(
            [one for each in inline for one in each["PolicyDocument"]["Statement"]], lengths
        )
        properties["Policies"] = [{**inline[0], "PolicyDocument": _document(kept)}]
        properties["ManagedPolicyArns"] = []
        for number, statements in enumerate(moved, start=1):
            name = f"{logical_id}Policy{number}"
            made[name] = resource("AWS::IAM::ManagedPolicy", {"PolicyDocument": _document(statements)})
            properties["ManagedPolicyArns"].append({"Ref": name})


def _document(statements: Iterable[Any]) -> dict[str, Any]:
    return {"Version": VERSION, "Statement": list(statements)}


def _shared_out(statements: list[Any], lengths: Lengths) -> tuple[list[Any], list[list[Any]]]:
    """Return the statements that stay, the largest, and those of each managed policy, all in their order."""
    sizes = [len(lengths.of(one)) + 1 for one in statements]
    room = INLINE_CHARACTERS - len(lengths.of(_document(())))
    stays: set[int] = set()
    for at in sorted(range(len(statements)), key=lambda at: (-sizes[at], at)):
        if sizes[at] <= room:
            room -= sizes[at]
            stays.add(at)
    moved = [at for at in range(len(statements)) if at not in stays]
    filled = list(_filled(moved, sizes, MANAGED_CHARACTERS - len(lengths.of(_document(())))))
    return [statements[at] for at in sorted(stays)], [[statements[at] for at in one] for one in filled]


def _filled(moved: Iterable[int], sizes: list[int], room: int) -> Iterator[list[int]]:
    """Yield which statements each policy takes, one after another."""
    taken: list[int] = []
    for at in moved:
        if taken and sum(sizes[one] for one in taken) + sizes[at] > room:
            yield taken
            taken = []
        taken.append(at)
    if taken:
        yield taken
