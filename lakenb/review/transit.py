"""P7: the pipeline's buckets, queues, topics and file systems refuse everybody who comes without TLS."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakenb.iam.proof.values import Modality, Obligation, Shape
from lakenb.review.case import Task, Unit
from lakenb.review.held import THROUGH
from lakenb.review.needs import OLD_TLS, PLAIN, everything

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakenb.iam.proof.values import Who
    from lakenb.review.case import Case


# Amazon EFS User Guide, "Using IAM to control file system data access": what clients of a mount target do
_CLIENTS = "elasticfilesystem:Client*"
_MOUNTING = ("elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite")
_KINDS = {"s3:*": "bucket", "sqs:*": "queue", "sns:Publish": "topic", _CLIENTS: "file system"}


def transit_units(case: Case) -> Iterator[Unit]:
    """Yield what concerns each bucket, queue, topic and file system of the pipeline."""
    for subject, actions, arns in _guarded(case):
        yield _transit_unit(case, subject, actions, arns)


def _guarded(case: Case) -> Iterator[tuple[str, tuple[str, ...], tuple[str, ...]]]:
    """Yield what must refuse requests without TLS: whose it is, the actions, the resources."""
    seen: set[str] = set()
    for node, own in case.own.items():
        kinds = (
            (("s3:*",), own.documents()),
            *((("sqs:*",), (queue,)) for queue in own.queues()),
            (("sns:Publish",), tuple(filter(None, (own.topic,)))),
            (("s3:*",), everything(own.state.index) if own.state.index else ()),
            ((_CLIENTS,), tuple(filter(None, (own.state.files,)))),
        )
        for actions, arns in kinds:
            if arns and arns[-1] not in seen:
                seen.add(arns[-1])
                yield node, actions, arns
    if case.cache and case.cache[-1] not in seen:
        yield "cache", ("s3:*",), case.cache


def _transit_unit(case: Case, subject: str, actions: tuple[str, ...], arns: tuple[str, ...]) -> Unit:
    return Unit(
        ("transit", arns[-1]),
        (subject, actions, arns, tuple(who.label for who in case.administrators)),
        (case.world.guard(arns[-1]),),
        lambda: tuple(_transit_tasks(case, subject, actions, arns)),
    )


def _transit_tasks(
    case: Case, subject: str, actions: tuple[str, ...], arns: tuple[str, ...]
) -> Iterator[Task]:
    whose = "the cache" if subject == "cache" else f"'{subject}'"
    kind = _KINDS[actions[0]]
    what = whose if subject == "cache" else f"a {kind} of {whose}"
    zones = [(f"nobody reaches {what} without TLS", Shape(actions, arns, PLAIN))]
    if kind == "bucket":
        zones.append((f"nobody reaches {what} with TLS below 1.2", Shape(actions, arns, OLD_TLS)))
    # whoever a deny spares by name is asked as well
    for who in case.administrators:
        for text, zone in zones:
            yield Task(Obligation("P7", subject, text, Modality.ONLY, who, zone))
        if kind == "file system":
            yield _by_access_point(subject, arns, who)


def _by_access_point(subject: str, arns: tuple[str, ...], who: Who) -> Task:
    """Return the task that a file system is mounted by an access point: it fixes user and folder."""
    text = f"nobody mounts the file system of '{subject}' but by an access point, and nobody is root there"
    through = Shape(_MOUNTING, arns, ((THROUGH, ("*",)),))
    zone = Shape((*_MOUNTING, "elasticfilesystem:ClientRootAccess"), arns)
    return Task(Obligation("P2", subject, text, Modality.ONLY, who, zone, (through,)))
