"""Templates, changed, and what their properties say of the promises."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from lakenb.iam.proof.values import Verdict
from lakenb.iam.stacks.read import worlds
from lakenb.iam.stacks.source import source
from lakenb.review.find import find
from lakenb.review.properties import property_findings, property_notes

if TYPE_CHECKING:
    from collections.abc import Callable

    from lakenb.graph.graph import Graph
    from lakenb.review.properties import PropertyNote, PropertyResult

Template = dict[str, Any]


def examined(template: Template, graph: Graph | None = None, **known: Any) -> tuple[PropertyResult, ...]:
    """Return what the template's properties say, in its neutral world."""
    world = worlds(source(template), **known)[0]
    return property_findings(world, find(world, graph), graph)


def noted(template: Template, graph: Graph | None = None) -> tuple[PropertyNote, ...]:
    """Return what the promises do not cover of the template."""
    world = worlds(source(template))[0]
    return property_notes(world, find(world, graph), graph)


def faults(template: Template, graph: Graph | None = None) -> list[tuple[str, str, str]]:
    """Return claim, resource and place of all that failed."""
    return [
        (one.claim, one.logical_id, one.path)
        for one in examined(template, graph)
        if one.verdict is Verdict.FAILED
    ]


def open_ones(template: Template, graph: Graph | None = None) -> list[tuple[str, str, str]]:
    """Return claim, resource and place of all that is undecided."""
    return [
        (one.claim, one.logical_id, one.path)
        for one in examined(template, graph)
        if one.verdict is Verdict.UNDECIDED
    ]


def changed(template: Template, logical_id: str, *steps: str | int, to: Any) -> Template:
    """Return a copy of a template with one value set."""
    made = copy.deepcopy(template)
    place, last = _place(made, logical_id, steps)
    place[last] = to
    return made


def without(template: Template, logical_id: str, *steps: str | int) -> Template:
    """Return a copy of a template with one value taken out."""
    made = copy.deepcopy(template)
    if not steps:
        del made["Resources"][logical_id]
        return made
    place, last = _place(made, logical_id, steps)
    del place[last]
    return made


def adding(template: Template, logical_id: str, kind: str, **properties: Any) -> Template:
    """Return a copy of a template with one more resource."""
    made = copy.deepcopy(template)
    made["Resources"][logical_id] = {"Type": kind, "Properties": properties}
    return made


def altered(template: Template, change: Callable[[Template], object]) -> Template:
    """Return a copy of a template after a change of its resources in place."""
    made = copy.deepcopy(template)
    change(made["Resources"])
    return made


def _place(template: Template, logical_id: str, steps: tuple[str | int, ...]) -> tuple[Any, str | int]:
    place: Any = template["Resources"][logical_id]
    *way, last = steps
    for step in way:
        place = place[step]
    return place, last
