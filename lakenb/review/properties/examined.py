"""All that the promises ask of properties, of one world after another."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from lakenb.review.properties.buckets import bucket_doors, own_stores
from lakenb.review.properties.encryption import (
    KEYS,
    Held,
    encryption,
    encryption_notes,
    held,
    other_encryption,
)
from lakenb.review.properties.files import file_notes, files
from lakenb.review.properties.lifetimes import LIVES, cache_lifetimes, lifetimes, lives
from lakenb.review.properties.machines import machines
from lakenb.review.properties.messages import messages
from lakenb.review.properties.networks import network_notes, networks
from lakenb.review.properties.settings import settings
from lakenb.review.properties.surroundings import Noted, Surroundings
from lakenb.review.properties.tables import tables
from lakenb.review.properties.triggers import triggers
from lakenb.review.properties.wiring import wiring

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakenb.graph.graph import Graph
    from lakenb.iam.stacks.world import World
    from lakenb.review.find import Found
    from lakenb.review.properties.values import PropertyNote, PropertyResult

_KEY_TYPES = ("AWS::KMS::Key", "AWS::KMS::ReplicaKey", "AWS::KMS::Alias")
_MOST_WORLDS = 64


class _Memory:
    """What was said of one world's nodes."""

    __slots__ = ("held", "nodes", "whole")

    def __init__(self, whole: tuple[Any, ...], held: Held) -> None:
        self.whole = whole
        self.held = held
        self.nodes: dict[str, Noted] = {}


class Examiner:
    """Examines the properties of worlds, and remembers what it said: an edit costs what it touches."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, ...], _Memory] = {}

    def examine(
        self, world: World, found: Found, graph: Graph | None
    ) -> tuple[tuple[PropertyResult, ...], tuple[PropertyNote, ...]]:
        """Return what `property_findings` and `property_notes` return."""
        around = Surroundings(world, found, graph)
        before, now = self._memories(around)
        results: list[PropertyResult] = []
        for name in found.nodes:
            noted = before.nodes.get(name) if before is not None else None
            if noted is None or not around.still(noted):
                noted = around.noted(partial(_of_node, around, name, now.held))
            now.nodes[name] = noted
            results += noted.results
        results += _of_pipeline(around, now.held)
        notes = (*encryption_notes(around, now.held), *network_notes(around), *file_notes(around))
        return tuple(results), notes

    def _memories(self, around: Surroundings) -> tuple[_Memory | None, _Memory]:
        """Return what is still known of a world, and where to put what is said of it now."""
        world, graph = around.world, around.graph
        keys = around.of_type(*_KEY_TYPES)
        # what is true of the whole pipeline, and no question of a node's
        facts = (world.partition, world.region, world.account, around.found.cache, keys)
        asked = None if graph is None else (graph.key, graph.vpc, graph.strict)
        before = self._known.get(world.choices)
        held_before = before.held if before is not None and before.whole[0] == facts else None
        holding = held(around, held_before)
        whole = (facts, asked, holding.has_key)
        around.derive(KEYS, holding.expected)
        around.derive(LIVES, lives(around))
        if before is not None and before.whole != whole:
            before = None
        now = _Memory(whole, holding)
        if len(self._known) >= _MOST_WORLDS:
            self._known.clear()
        self._known[world.choices] = now
        return before, now


def property_findings(world: World, found: Found, graph: Graph | None) -> tuple[PropertyResult, ...]:
    """Return what the properties of a world's resources say of the promises.

    Parameters
    ----------
    world
        One deployment of a template.
    found
        The pipeline in it.
    graph
        What the pipeline should be; None where only the template is known.

    Returns
    -------
    tuple[PropertyResult, ...]
        P1 and P2 (buckets), P4 (messages), P5 and P6 (at rest), P8 (networks), P10 (wiring, settings,
        lifetimes), node by node, in an order that is the same for the same world. P6 only where the pipeline
        has a key, P8 only for functions in a VPC: `property_notes` says so.
    """
    return Examiner().examine(world, found, graph)[0]


def property_notes(world: World, found: Found, graph: Graph | None) -> tuple[PropertyNote, ...]:
    """Return what those promises do not cover here: not promised, not applicable, or somebody else's."""
    return Examiner().examine(world, found, graph)[1]


def _of_node(around: Surroundings, name: str, holding: Held) -> Iterator[PropertyResult]:
    yield from bucket_doors(around, around.node(name).store)
    yield from bucket_doors(around, around.node(name).state.index)
    yield from messages(around, name)
    yield from encryption(around, name, holding)
    yield from networks(around, name)
    yield from wiring(around, name)
    yield from settings(around, name)
    yield from triggers(around, name)
    yield from tables(around, name)
    yield from machines(around, name)
    yield from files(around, name)
    yield from lifetimes(around, name)


def _of_pipeline(around: Surroundings, holding: Held) -> Iterator[PropertyResult]:
    yield from own_stores(around)
    yield from bucket_doors(around, around.found.cache)
    yield from other_encryption(around, holding)
    yield from cache_lifetimes(around)
