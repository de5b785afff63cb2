"""A generator that is wrong is found out: what must hold is derived without it."""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module
from typing import TYPE_CHECKING

import pytest

from lakenb.iam.stacks.source import source
from lakenb.iam.truth import Decision
from lakenb.review.verify import verify
from lakenb.security import statements
from lakenb.security.stores import Store, own_store, provides
from lakenb.template import build
from tests.backends.local.everything import everything
from tests.examples import letters
from tests.review.edited import of_claim
from tests.review.services import PIPELINES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lakenb.graph.graph import Graph
    from lakenb.review.verification import Verification

Provided = dict[str, tuple[Store, ...]]


def _all_stores(graph: Graph) -> Provided:
    stores = tuple(sorted(store for node in graph.nodes if (store := own_store(graph, node)) is not None))
    return dict.fromkeys(graph.nodes, stores)


def _no_stores(graph: Graph) -> Provided:
    return dict.fromkeys(graph.nodes, ())


def _another_prefix(graph: Graph) -> Provided:
    return {
        node: tuple(replace(store, prefix=f"{store.prefix}x/") for store in stores)
        for node, stores in provides(graph).items()
    }


def _no_prefix(graph: Graph) -> Provided:
    return {node: tuple(Store(store.node) for store in stores) for node, stores in provides(graph).items()}


def _one_before(graph: Graph) -> Provided:
    """Return what producers' producers provide, as if every node passed on."""
    return {
        node: tuple(sorted({store for one in graph.producers(node) for store in provides(graph)[one]}))
        or provides(graph)[node]
        for node in graph.nodes
    }


def _verified(monkeypatch: pytest.MonkeyPatch, wrong: object) -> Verification:
    """Return what becomes of a template whose generator takes documents to lie elsewhere."""
    monkeypatch.setattr(build, "provides", wrong)
    graph = letters()
    return verify(source(graph.template()), graph)


def test_roles_that_read_all_stores_are_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    found = _verified(monkeypatch, _all_stores)
    assert "P1" in found.failed
    witness = of_claim(found, "P1")[0].witness
    assert witness is not None
    assert (witness.action, witness.decision) == ("s3:GetObject", Decision.ALLOWED)


def test_roles_that_read_no_store_are_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing(graph: Graph, node: str, provided: Mapping[str, tuple[Store, ...]]) -> object:
        return tuple(one for one in true_one(graph, node, provided) if one.sid not in statements.READS)

    true_one = statements.role_statements
    monkeypatch.setattr("lakenb.template.resources.role_statements", nothing)
    graph = letters()
    found = verify(source(graph.template()), graph)
    assert found.failed == ("P10",)
    first = of_claim(found, "P10")[0]
    assert first.witness is not None
    assert (first.witness.action, first.witness.decision) == ("s3:GetObject", Decision.IMPLICITLY_DENIED)


def test_statements_without_a_resource_prove_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    found = _verified(monkeypatch, _no_stores)
    assert "P10" in found.failed
    assert not found.is_proved
    assert any(one.witness is not None for one in of_claim(found, "P10"))


@pytest.mark.parametrize("wrong", [_another_prefix, _one_before])
def test_roles_that_read_elsewhere_are_found_out(monkeypatch: pytest.MonkeyPatch, wrong: object) -> None:
    found = _verified(monkeypatch, wrong)
    assert "P10" in found.failed
    assert any(one.witness is not None for one in of_claim(found, "P10"))


@pytest.mark.parametrize("wrong", [_no_prefix, _one_before])
def test_roles_that_read_more_than_they_should_are_found_out(
    monkeypatch: pytest.MonkeyPatch, wrong: object
) -> None:
    found = _verified(monkeypatch, wrong)
    assert "P1" in found.failed
    assert any(one.witness is not None for one in of_claim(found, "P1"))


def test_a_policy_of_queues_that_names_all_topics_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    true_one = statements.queue_statements

    def everybody(graph: Graph, node: str) -> object:
        deny, allow = true_one(graph, node)
        if graph.producers(node):
            topics = tuple(
                statements.of(statements.Sort.TOPIC, one) for one in graph.nodes if graph.consumers(one)
            )
            allow = replace(allow, conditions=(statements.Condition("ArnEquals", "aws:SourceArn", topics),))
        return deny, allow

    monkeypatch.setattr("lakenb.template.resources.queue_statements", everybody)
    graph = letters()
    found = verify(source(graph.template()), graph)
    assert found.failed == ("P4",)
    first = of_claim(found, "P4")[0]
    assert "sns.amazonaws.com may send to" in first.sentence
    assert first.witness is not None


def test_a_cache_policy_without_the_slash_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def cached(*key_parts: str) -> statements.Target:
        cut = tuple(part.removesuffix("/") for part in key_parts)
        return statements.Target(statements.Sort.CACHE_OBJECTS.value, "", cut or ("", ""))

    monkeypatch.setattr(statements, "cached", cached)
    graph = everything()
    found = verify(source(graph.template()), graph)
    assert "P3" in found.failed
    assert any("cache/" in one.sentence for one in of_claim(found, "P3"))


def test_role_statements_that_grant_one_more_action_are_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    true_one = statements.role_statements

    def wider(graph: Graph, node: str, provided: Mapping[str, tuple[Store, ...]]) -> object:
        return tuple(
            replace(one, actions=(*one.actions, "s3:GetObjectVersion")) if one.sid == "ReadSources" else one
            for one in true_one(graph, node, provided)
        )

    monkeypatch.setattr("lakenb.template.resources.role_statements", wider)
    graph = letters()
    found = verify(source(graph.template()), graph)
    assert found.failed == ("P1",)
    assert all(one.witness and one.witness.action == "s3:GetObjectVersion" for one in of_claim(found, "P1"))


@pytest.mark.parametrize(
    ("service", "name", "claim"),
    [("tables", "gathering", "P2"), ("machines", "waiting", "P2"), ("indexes", "indexed", "P2")],
)
def test_a_service_that_grants_one_more_action_is_found_out(
    monkeypatch: pytest.MonkeyPatch, service: str, name: str, claim: str
) -> None:
    module = import_module(f"lakenb.security.services.{service}")
    true_one = module.statements
    more = {"tables": "dynamodb:Scan", "machines": "states:StopExecution", "indexes": "s3:GetObjectVersion"}

    def wider(graph: Graph, node: str) -> object:
        first, *others = true_one(graph, node)
        return (replace(first, actions=(*first.actions, more[service])), *others)

    monkeypatch.setattr(module, "statements", wider)
    graph = PIPELINES[name]()
    found = verify(source(graph.template()), graph)
    assert found.failed == (claim,)
    actions = {one.witness.action.lower() for one in of_claim(found, claim) if one.witness}
    assert actions == {more[service].lower()}


@pytest.mark.parametrize(("service", "name"), [("schedules", "gathering"), ("machines", "waiting")])
def test_a_role_that_a_service_takes_for_anybody_is_found_out(
    monkeypatch: pytest.MonkeyPatch, service: str, name: str
) -> None:
    module = import_module(f"lakenb.security.services.{service}")
    true_one = module.roles
    unbound = lambda graph, node: tuple(replace(one, conditions=()) for one in true_one(graph, node))  # noqa: E731 - one expression, used in the next line
    monkeypatch.setattr(module, "roles", unbound)
    graph = PIPELINES[name]()
    assert verify(source(graph.template()), graph).failed == ("P9",)
