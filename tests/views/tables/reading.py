"""Templates read back, whole and sabotaged."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

from lakenb.views.seen import Seen, seen
from tests.examples import letters

if TYPE_CHECKING:
    from collections.abc import Callable

    import lakenb as lk

Resources = dict[str, Any]


def read_back(pipe: lk.Pipeline | None = None) -> Seen:
    """Return a pipeline's own template, read."""
    given = letters() if pipe is None else pipe
    return seen(given, given.template())


def sabotaged(change: Callable[[Resources], object], pipe: lk.Pipeline | None = None) -> Seen:
    """Return a template whose resources were changed, read with the names of the unchanged pipeline."""
    given = letters() if pipe is None else pipe
    template = deepcopy(given.template())
    change(template["Resources"])
    return seen(given, template)


def allow(resources: Resources, node: str, *actions: str, resource: Any) -> None:
    """Give a node's role one more statement."""
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": resource}
    resources[f"{node}Role"]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"].append(statement)


def objects_of(store: str, keys: str = "*") -> dict[str, Any]:
    """Return the ARN of objects, as templates write it."""
    return {"Fn::Join": ["", [{"Fn::GetAtt": [store, "Arn"]}, f"/{keys}"]]}


def denials(resources: Resources, policy: str) -> list[Any]:
    """Return the statements of a bucket's, queue's or topic's policy."""
    found: list[Any] = resources[policy]["Properties"]["PolicyDocument"]["Statement"]
    return found
