"""lakenb's own templates, read as a stranger would: a role may do what its node needs, and no more."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import pytest

from lakenb.iam.evaluator import evaluate
from lakenb.iam.requests import request
from lakenb.iam.stacks.read import worlds
from lakenb.iam.stacks.source import source
from lakenb.iam.truth import Decision
from tests.backends.local.everything import everything
from tests.examples import chain, letters

if TYPE_CHECKING:
    from collections.abc import Iterator

    import lakenb as lk
    from lakenb.iam.stacks.world import World

TLS = {"aws:SecureTransport": "true", "s3:TlsVersion": "1.3"}


@cache
def world_of(pipeline: str) -> World:
    made: dict[str, lk.Pipeline] = {"letters": letters(), "everything": everything(), "chain": chain(20)}
    [world] = worlds(source(made[pipeline].template()), account="111122223333")
    assert world.unresolved == ()
    return world


def nodes(world: World) -> list[str]:
    return [path.removesuffix("Role") for path in world.identities]


def decided(world: World, node: str, action: str, on: str, context: dict[str, str] | None = None) -> Decision:
    role = world.identities[f"{node}Role"]
    asked = request(
        role.arn, action, on, context=TLS if context is None else context, resource_account=world.account
    )
    return evaluate(asked, world.in_force(role, on))


def needs(world: World, node: str) -> Iterator[tuple[str, str]]:
    """Return what a node surely needs: by the environment of its function, and its mapping."""
    told: dict[str, Any] = world.resources[f"{node}Function"].properties["Environment"]["Variables"]
    queue = world.resources[f"{node}Mapping"].properties["EventSourceArn"]
    yield from ((f"sqs:{verb}", queue) for verb in ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes"))
    logs = world.resources[f"{node}Logs"].arn
    yield "logs:PutLogEvents", f"{logs}:log-stream:x"
    yield "sqs:SendMessage", world.resources[f"{node}DeadLetters"].arn
    if "LAKENB_TOPIC" in told:
        yield "sns:Publish", told["LAKENB_TOPIC"]
    if "LAKENB_STORE" in told:
        yield "s3:PutObject", f"arn:aws:s3:::{told['LAKENB_STORE']}/{told['LAKENB_STORE_PREFIX']}doc"


@pytest.mark.parametrize("pipeline", ["letters", "everything", "chain"])
def test_every_node_may_do_what_it_needs_and_only_over_tls(pipeline: str) -> None:
    world = world_of(pipeline)
    assert len(nodes(world)) > 3
    for node in nodes(world):
        for action, on in needs(world, node):
            assert decided(world, node, action, on) is Decision.ALLOWED, (node, action, on)
            if action.startswith(("s3:", "sqs:", "sns:")):
                plain = {"aws:SecureTransport": "false", "s3:TlsVersion": "1.3"}
                assert decided(world, node, action, on, plain) is Decision.EXPLICITLY_DENIED, (
                    node,
                    action,
                    on,
                )


@pytest.mark.parametrize("pipeline", ["letters", "everything", "chain"])
def test_no_node_may_do_what_only_another_needs(pipeline: str) -> None:
    world = world_of(pipeline)
    own = {node: set(needs(world, node)) for node in nodes(world)}
    for node in nodes(world):
        for other in nodes(world):
            for action, on in own[other] - own[node]:
                assert decided(world, node, action, on) is Decision.IMPLICITLY_DENIED, (node, action, on)


def test_what_nobody_needs_nobody_may() -> None:
    world = world_of("everything")
    for node in nodes(world):
        for resource in world.resources.values():
            if resource.type == "AWS::S3::Bucket":
                for action, on in (("s3:DeleteObject", f"{resource.arn}/x"), ("s3:ListBucket", resource.arn)):
                    assert decided(world, node, action, on) is Decision.IMPLICITLY_DENIED
            if resource.type == "AWS::IAM::Role":
                assert decided(world, node, "sts:AssumeRole", resource.arn) is Decision.IMPLICITLY_DENIED


def test_only_its_topic_may_send_to_a_queue() -> None:
    world = world_of("letters")
    queue = world.resources["ParagraphsQueue"].arn

    def sends(topic: str) -> Decision:
        came = {**TLS, "aws:SourceArn": world.resources[topic].arn}
        asked = request({"Service": "sns.amazonaws.com"}, "sqs:SendMessage", queue, context=came)
        return evaluate(asked, world.in_force(None, queue))

    assert sends("InboxTopic") is Decision.ALLOWED
    assert sends("SentencesTopic") is Decision.IMPLICITLY_DENIED
