"""P2 of state: what a node's role needs of its own table, schedules, state machine, file system and index."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakenb.graph.services import Service
from lakenb.iam.proof.values import Shape
from lakenb.review.deputies import SCHEDULER
from lakenb.review.needs import OVER_TLS, TLS_12, TLS_13, Need, everything, schedules_of
from lakenb.review.state import LISTING, actions_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakenb.review.needs import Resources
    from lakenb.review.wanted import WantedNode

PASSED_TO = "iam:passedtoservice"
THROUGH = "elasticfilesystem:accesspointarn"


def state_needs(node: WantedNode, own: Resources) -> Iterator[Need]:
    """Yield what a node's role needs of its state: exactly the actions of its kind, on its own alone."""
    for service in node.services:
        yield from _needs(node, own, service)


def _needs(node: WantedNode, own: Resources, service: Service) -> Iterator[Need]:
    state, actions = own.state, actions_of(node.handler, service)
    match service:
        case Service.TABLE:
            yield from _plain(f"'{node.id}' works on its own table", actions, state.table)
        case Service.SCHEDULES:
            yield from _plain(f"'{node.id}' makes its own schedules", actions, schedules_of(state.group))
            yield from _passes(node.id, state.schedule_role)
        case Service.SCHEDULE:
            return  # the template makes it
        case Service.MACHINE:
            yield from _plain(f"'{node.id}' starts its own state machine", actions, state.machine)
        case Service.FILES:
            yield from _mounts(node.id, actions, state.files, state.access_point)
        case Service.INDEX:
            yield from _works_on(node.id, actions, state.index)


def _plain(text: str, actions: tuple[str, ...], arn: str) -> Iterator[Need]:
    if arn and actions:
        yield Need("P2", text, Shape(actions, (arn,)), (Shape(actions, (arn,), OVER_TLS),))


def _passes(node: str, role: str) -> Iterator[Need]:
    """Yield that a role may be handed to the scheduler, and to nobody else (P9).

    IAM User Guide, "Grant a user permissions to pass a role to an AWS service".
    """
    if role:
        to = (PASSED_TO, (SCHEDULER,))
        actions = ("iam:PassRole",)
        text = f"'{node}' hands the role for its schedules to the scheduler"
        must = Shape(actions, (role,), tuple(sorted((*OVER_TLS, to))))
        yield Need("P9", text, Shape(actions, (role,), (to,)), (must,))


def _mounts(node: str, actions: tuple[str, ...], files: str, point: str) -> Iterator[Need]:
    if files and point:
        through = (THROUGH, (point,))
        text = f"'{node}' mounts its own file system by its access point"
        must = Shape(actions, (files,), tuple(sorted((*OVER_TLS, through))))
        yield Need("P2", text, Shape(actions, (files,), (through,)), (must,))


def _works_on(node: str, actions: tuple[str, ...], index: str) -> Iterator[Need]:
    if not index:
        return
    inside, bucket = everything(index)
    for text, some, arn in (
        (f"'{node}' works on its own index", actions, inside),
        (f"'{node}' lists its own index", LISTING, bucket),
    ):
        must = tuple(Shape(some, (arn,), context) for context in (TLS_12, TLS_13))
        yield Need("P2", text, Shape(some, (arn,)), must)
