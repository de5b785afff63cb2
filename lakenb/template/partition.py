"""Which nested stack a resource belongs to, when one stack cannot hold a pipeline.

A node's resources stay together, and nodes stand along the graph's order: every reference leads to the same
stack or an earlier one. What belongs to no node (cache, keys, network) is the root's.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from lakenb.template.build import to_json
from lakenb.template.names import Kind, capitals, logical_id
from lakenb.template.references import Reference, references

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

# AWS CloudFormation User Guide, "Understand CloudFormation quotas"
RESOURCES = 500
PARAMETERS = 200
OUTPUTS = 200
TEMPLATE_BYTES = 1_000_000
# about what a parameter or an output takes, names included
_BYTES_OF_A_VALUE = 400
_FUNCTION = "AWS::Lambda::Function"
# how the ids of what belongs to no node begin
_SHARED = "Pipeline"
_BUCKET = "AWS::S3::Bucket"
_OF_THE_STACK = frozenset({"AWS::StackId", "AWS::StackName"})


@dataclass(frozen=True, slots=True)
class Parts:
    """A template's resources, and what they refer to.

    Parameters
    ----------
    resources
        As the template has them.
    uses
        For each resource what it refers to in the template, without itself.
    awaits
        For each resource what it names in ``DependsOn``.
    owners
        The node of each resource that has one.
    """

    resources: Mapping[str, Any]
    uses: Mapping[str, frozenset[Reference]]
    awaits: Mapping[str, tuple[str, ...]]
    owners: Mapping[str, str]

    @classmethod
    def of(cls, template: Mapping[str, Any]) -> Parts:
        """Return the parts of a template in one piece."""
        resources = template["Resources"]
        names = resources.keys() | template.get("Parameters", {}).keys() | _OF_THE_STACK
        uses = {
            name: frozenset(
                imported(one, resources) for one in references(made) if one.name in names and one.name != name
            )
            for name, made in resources.items()
        }
        awaits = {name: awaited(made) for name, made in resources.items()}
        return cls(resources, uses, awaits, dict(_owners(resources)))

    def needs(self, name: str) -> frozenset[str]:
        """Return the resources that one awaits, for whatever reason."""
        used = {one.name for one in self.uses[name] if one.name in self.resources}
        return frozenset(used.union(self.awaits[name]))


def awaited(resource: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what a resource names in ``DependsOn``."""
    named = resource.get("DependsOn", ())
    return (named,) if isinstance(named, str) else tuple(named)


def imported(reference: Reference, resources: Mapping[str, Any]) -> Reference:
    """Return the value that must cross into another stack for a reference.

    A bucket's ARN follows from its name (Amazon S3 User Guide, "Amazon S3 resources"), so one is enough.
    """
    made = resources.get(reference.name)
    if made is not None and made["Type"] == _BUCKET and reference.attribute == "Arn":
        return Reference(reference.name)
    return reference


def _owners(resources: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield logical ids with their nodes: by the kinds of resources, else by how the ids begin."""
    told = (
        made["Properties"].get("Environment", {}).get("Variables", {}).get("LAKENB_NODE")
        for made in resources.values()
        if made["Type"] == _FUNCTION
    )
    nodes = {capitals(node): node for node in sorted({one for one in told if isinstance(one, str)})}
    known = {logical_id(node, kind): node for node in nodes.values() for kind in Kind}
    for name in resources:
        # a subscription's id begins with its consumer's: topic and store of the producer come before
        begun = [word for word in nodes if name.startswith(word) and name[len(word) :][:1].isupper()]
        node = known.get(name) or (nodes[max(begun, key=len)] if begun else None)
        if node is not None and (name in known or not name.startswith(_SHARED)):
            yield name, node


def homes(template: Mapping[str, Any]) -> dict[str, str]:
    """Return the nested stack of each resource, by its logical id; what is not named is the root's.

    Stacks come in an order in which each refers to those before it alone.

    Parameters
    ----------
    template
        Of the whole pipeline.

    Raises
    ------
    CycleError
        If the template's resources refer to one another without an end.
    """
    parts = Parts.of(template)
    found: dict[str, str] = {}
    groups: defaultdict[str, list[str]] = defaultdict(list)
    for name, node in parts.owners.items():
        groups[node].append(name)
    for nodes in _Chunks(parts, groups).all(_ordered(parts, groups)):
        found |= {name: f"{capitals(nodes[0])}Stack" for node in nodes for name in groups[node]}
    _without_cycles(parts, found)
    return found


def _ordered(parts: Parts, groups: Mapping[str, Sequence[str]]) -> list[str]:
    """Return the nodes so that each comes after those that it refers to, ties by id."""
    after: dict[str, set[str]] = {}
    for node, names in groups.items():
        used = {parts.owners.get(need) for name in names for need in parts.needs(name)}
        after[node] = {one for one in used if one is not None} - {node}
    before: defaultdict[str, list[str]] = defaultdict(list)
    for node, needed in after.items():
        for one in needed:
            before[one].append(node)
    ready = sorted(node for node, needed in after.items() if not needed)
    found: list[str] = []
    while ready:
        node = heapq.heappop(ready)
        found.append(node)
        for consumer in before[node]:
            after[consumer].discard(node)
            if not after[consumer]:
                heapq.heappush(ready, consumer)
    return found + sorted(groups.keys() - set(found))  # those of a cycle of nodes, which is resolved later


class _Chunks:
    """Cuts a row of nodes into stacks.

    A stack ends before the node whose id has the lowest hash, of those with which it is at least half full.
    So a new node moves its neighbours to another stack, and the stacks behind it mostly stay what they are.
    """

    def __init__(self, parts: Parts, groups: Mapping[str, Sequence[str]]) -> None:
        self.groups = groups
        self.sizes: dict[str, int] = {}
        self.needs: dict[str, frozenset[Reference]] = {}
        self.users: defaultdict[Reference, set[str]] = defaultdict(set)
        self.provides: defaultdict[str, set[Reference]] = defaultdict(set)
        for node, names in groups.items():
            self.sizes[node] = sum(len(to_json(parts.resources[name]).encode()) for name in names)
            self.needs[node] = frozenset(one for name in names for one in parts.uses[name])
        for name, used in parts.uses.items():
            for one in used:
                self.users[one].add(parts.owners.get(name, ""))
                if one.name in parts.owners:
                    self.provides[parts.owners[one.name]].add(one)
        self.owners = parts.owners

    def all(self, row: Sequence[str]) -> Iterator[tuple[str, ...]]:
        """Yield the nodes of each stack."""
        left = list(row)
        while left:
            length = self._length(left)
            yield tuple(left[:length])
            left = left[length:]

    def _length(self, row: Sequence[str]) -> int:
        """Return how many nodes of a row the next stack takes."""
        fitting = [length for length in self._within(row) if self._fits(row[:length])]
        if not fitting:
            return 1  # one node is too much: the quotas say so by name
        if fitting[-1] == len(row):
            return len(row)
        full = [length for length in fitting if self._count(row[:length]) * 2 >= RESOURCES]
        return min(full or fitting[-1:], key=lambda length: sha256(row[length].encode()).digest())

    def _within(self, row: Sequence[str]) -> Iterator[int]:
        total = 0
        for length, node in enumerate(row, start=1):
            total += len(self.groups[node])
            if total > RESOURCES:
                return
            yield length

    def _count(self, nodes: Iterable[str]) -> int:
        return sum(len(self.groups[node]) for node in nodes)

    def _fits(self, nodes: Sequence[str]) -> bool:
        inside = set(nodes)
        taken = {one for node in nodes for one in self.needs[node] if self.owners.get(one.name) not in inside}
        given = {one for node in nodes for one in self.provides[node] if self.users[one] - inside}
        size = sum(self.sizes[node] for node in nodes) + _BYTES_OF_A_VALUE * (len(taken) + len(given))
        return len(taken) < PARAMETERS and len(given) <= OUTPUTS and size <= TEMPLATE_BYTES


def _without_cycles(parts: Parts, found: dict[str, str]) -> None:
    """Move to the root what makes two stacks wait for each other.

    A network's endpoint names the stores that it lets through, and roles name the endpoint: the resources
    follow one another, the stacks that hold them could not. A store in the root is made before both.
    """
    place = {stack: at for at, stack in enumerate(dict.fromkeys(found.values()))}
    while cycle := _cycle(parts, found):
        moved = {
            need
            for name in parts.resources
            for need in parts.needs(name)
            if (found.get(name, name), found.get(need, need)) in cycle
            and need in found
            and (name not in found or place[found[name]] < place[found[need]])
        }
        if not moved:
            raise CycleError("resources refer to one another without an end", sorted(cycle))
        for name in moved:
            del found[name]


def _cycle(parts: Parts, found: Mapping[str, str]) -> set[tuple[str, str]]:
    """Return who awaits whom in a cycle of stacks and the root's resources; empty where there is none."""
    awaiting: dict[str, set[str]] = {}
    for name in parts.resources:
        own = found.get(name, name)
        needed = {found.get(need, need) for need in parts.needs(name)} - {own}
        awaiting.setdefault(own, set()).update(needed)
    try:
        TopologicalSorter(awaiting).prepare()
    except CycleError as error:
        ends = error.args[1]  # each is awaited by the next one
        return set(zip(ends[1:], ends, strict=False))
    return set()
