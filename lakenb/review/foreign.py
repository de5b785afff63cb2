"""A pipeline in a template that lakenb did not make: what functions, their queues and their roles tell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lakenb.review.find import (
    BUCKET,
    FUNCTION,
    QUEUE,
    TOPIC,
    FoundNode,
    logs_of,
    queues_of,
    role_of,
    variables,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakenb.iam.stacks.world import Resource
    from lakenb.review.find import Index


def foreign_nodes(index: Index, unclear: list[str]) -> dict[str, FoundNode]:
    """Return the functions that receive from a queue, each with what can be told of it.

    A topic or a store is a function's own when its variables name it and its role may publish or put
    there; without variables what its role alone may publish to or put into. Two candidates are said, and
    neither is taken.
    """
    queues = queues_of(index)
    nodes: dict[str, FoundNode] = {}
    for function in index.of_type[FUNCTION]:
        received = sorted(queues.get(function.logical_id, []))
        if not received:
            continue
        if len(received) > 1:
            unclear.append(f"{function.logical_id} receives from several queues: {', '.join(received)}")
        role = role_of(index, function)
        own = _Own(index, function, role, unclear)
        queue = index.world.resources[received[0]]
        store = own.one(BUCKET, "s3:putobject", "store")
        prefix, suffix = "", ""
        if not store:
            store, prefix, suffix = _source(index, received[0])
        nodes[function.logical_id] = FoundNode(
            id=function.logical_id,
            function=function.logical_id,
            role=role,
            queue=received[0],
            dead_letters=own.dead_letters(queue),
            topic=own.one(TOPIC, "sns:publish", "topic"),
            store=store,
            logs=logs_of(index, function),
            store_arn=index.world.resources[store].arn if store else "",
            prefix=prefix,
            suffix=suffix,
        )
    return nodes


class _Own:
    """What a function has for itself."""

    def __init__(self, index: Index, function: Resource, role: str, unclear: list[str]) -> None:
        self._index, self._function, self._unclear = index, function, unclear
        identity = index.world.identities.get(role)
        self._policies = () if identity is None else identity.policies

    def one(self, kind: str, action: str, word: str) -> str:
        """Return the one resource of a type that is the function's own; empty where none or several are."""
        named = set(self._named(kind))
        held = set(self._held(kind, action))
        found = sorted(named & held or held)
        if len(found) > 1:
            several = ", ".join(found)
            self._unclear.append(
                f"it is unclear which of {several} is the {word} of {self._function.logical_id}"
            )
        return found[0] if len(found) == 1 else ""

    def dead_letters(self, queue: Resource) -> str:
        """Return the dead-letter queue of a queue, where the function itself sends there, too."""
        redrive = queue.properties.get("RedrivePolicy")
        target = redrive.get("deadLetterTargetArn") if isinstance(redrive, dict) else None
        found = self._index.id(QUEUE, target)
        own = {*self._named(QUEUE), *self._held(QUEUE, "sqs:sendmessage")}
        return found if found in own else ""

    def _named(self, kind: str) -> Iterator[str]:
        for value in variables(self._function).values():
            found = self._index.id(kind, value)
            if found:
                yield found

    def _held(self, kind: str, action: str) -> Iterator[str]:
        """Yield the resources of a type on which, or in which, the role may do an action."""
        sources = [
            pattern.source
            for policy in self._policies
            for statement in policy.about(action)
            if statement.is_allow and statement.actions.cover(action)
            for pattern in statement.resources or ()
        ]
        for resource in self._index.of_type[kind]:
            if any(source == resource.arn or source.startswith(f"{resource.arn}/") for source in sources):
                yield resource.logical_id


def _source(index: Index, queue: str) -> tuple[str, str, str]:
    """Return the bucket that notifies a queue, with the ends of the keys that it is told of."""
    arn = index.world.resources[queue].arn
    for bucket in index.of_type[BUCKET]:
        configuration = bucket.properties.get("NotificationConfiguration")
        listed = configuration.get("QueueConfigurations") if isinstance(configuration, dict) else None
        for one in listed if isinstance(listed, list) else ():
            if isinstance(one, dict) and one.get("Queue") == arn:
                return bucket.logical_id, *_ends(one)
    return "", "", ""


def _ends(notification: dict[str, Any]) -> tuple[str, str]:
    ends = {"prefix": "", "suffix": ""}
    try:
        for rule in notification["Filter"]["S3Key"]["Rules"]:
            ends[str(rule["Name"]).lower()] = str(rule["Value"])
    except (KeyError, TypeError):
        return "", ""
    return ends["prefix"], ends["suffix"]
