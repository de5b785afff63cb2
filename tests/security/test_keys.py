"""Which key everything is under, and the least that roles and services need of keys."""

from __future__ import annotations

from typing import Any

import pytest

import lakenb as lk
from lakenb.security.key_policies import given_keys, key_assumptions, key_policy, service_statements
from lakenb.security.key_uses import ASKS_NO_KEY, KEY_USES, ROLE_USES, uses_of
from lakenb.security.keys import key_at, key_of, key_statements, keys_of
from lakenb.security.services import extra_roles
from lakenb.security.statements import extra_role_statements, role_statements
from lakenb.security.stores import provides
from lakenb.security.values import Sort, Statement, cached, objects, of
from tests.keyed import GIVEN_KEY, letters, of_some_nodes, on_given_bucket
from tests.pairs.pipelines import STEPS
from tests.pairs.pipelines import pipeline as pair


def held(graph: lk.Pipeline, node: str) -> dict[str, Statement]:
    """Return a role's statements on keys, by name."""
    found = role_statements(graph, node, provides(graph))
    return {one.sid: one for one in found if any(action.startswith("kms:") for action in one.actions)}


def condition(statement: Statement, key: str) -> tuple[str, tuple[Any, ...]] | None:
    found = [(one.operator, one.values) for one in statement.conditions if one.key == key]
    return found[0] if found else None


@pytest.mark.parametrize(
    ("key_per", "names"),
    [
        ("pipeline", ["pipeline.key"]),
        ("node", ["pipeline.key", "inbox.key", "results.key", "sentences.key"]),
        (
            "store",
            [
                "pipeline.key",
                "cache.key of its store",
                "inbox.key of its store",
                "results.key of its store",
                "sentences.key of its store",
            ],
        ),
    ],
)
def test_there_is_a_key_for_all_or_for_each_node_or_for_each_store(key_per: Any, names: list[str]) -> None:
    assert [str(key) for key in keys_of(letters(lk.Key(), key_per))] == names


def test_without_a_key_nothing_is_under_one_and_no_role_asks_one() -> None:
    graph = letters(None)
    assert keys_of(graph) == ()
    assert key_of(graph, of(Sort.QUEUE, "inbox")) is None
    assert held(graph, "sentences") == {}


def test_the_cache_has_the_pipelines_key_where_each_node_has_its_own() -> None:
    graph = letters(lk.Key(), "node")
    assert str(key_of(graph, cached())) == "pipeline.key"
    assert str(key_of(graph, objects("sentences"))) == "sentences.key"


def test_a_nodes_own_key_comes_before_the_pipelines() -> None:
    graph = of_some_nodes()
    assert [str(key) for key in keys_of(graph)] == [GIVEN_KEY, "parts.key"]
    assert key_at(graph, "inbox", is_bucket=True) is None
    assert str(key_of(graph, of(Sort.QUEUE, "parts"))) == "parts.key"
    assert str(key_of(graph, objects("results"))) == GIVEN_KEY


def test_a_role_reads_and_puts_through_s3_for_its_stores_alone() -> None:
    statements = held(letters(lk.Key()), "sentences")
    assert sorted(statements) == ["PublishUnderKey", "PutUnderKey", "ReadUnderKey", "SendUnderKey"]
    read, put = statements["ReadUnderKey"], statements["PutUnderKey"]
    assert read.actions == ("kms:Decrypt",)
    assert put.actions == ("kms:Decrypt", "kms:GenerateDataKey")
    via = ("StringEquals", ("s3.${AWS::Region}.amazonaws.com",))
    assert condition(read, "kms:ViaService") == condition(put, "kms:ViaService") == via
    context = "kms:EncryptionContext:aws:s3:arn"
    assert condition(read, context) == ("StringEquals", (of(Sort.BUCKET, "inbox"),))
    # the cache may be read by the same statement that puts there: each statement is needed
    assert condition(put, context) == (
        "StringEquals",
        (of(Sort.BUCKET, "sentences"), of(Sort.CACHE_BUCKET)),
    )


def test_sqs_has_no_documented_context_and_sns_has() -> None:
    statements = held(letters(lk.Key()), "sentences")
    assert [one.key for one in statements["SendUnderKey"].conditions] == ["kms:ViaService"]
    context = condition(statements["PublishUnderKey"], "kms:EncryptionContext:aws:sns:topicArn")
    assert context == ("StringEquals", (of(Sort.TOPIC, "sentences"),))


def test_of_a_given_bucket_either_context_is_let_through() -> None:
    read = held(on_given_bucket(lk.Key()), "inbox")["ReadUnderKey"]
    found = condition(read, "kms:EncryptionContext:aws:s3:arn")
    assert found is not None
    operator, values = found
    assert operator == "StringLike"
    assert [(one.sort, one.key_parts) for one in values] == [
        (Sort.GIVEN_BUCKET.value, ()),
        (Sort.OBJECTS.value, ("in/", ".txt")),
    ]


def test_an_alias_is_bound_by_a_condition_for_no_resource_can_name_it() -> None:
    for statement in held(letters("alias/contracts"), "sentences").values():
        assert condition(statement, "kms:ResourceAliases") == (
            "ForAnyValue:StringEquals",
            ("alias/contracts",),
        )
    assert not any(
        condition(one, "kms:ResourceAliases") for one in held(letters(GIVEN_KEY), "inbox").values()
    )


def test_services_use_a_key_for_the_pipelines_sources_alone() -> None:
    graph = letters(lk.Key())
    account, *services = key_policy(graph, of(Sort.KEY))
    assert (account.sid, account.actions, account.conditions) == ("AccountDecides", ("kms:*",), ())
    assert [one.sid for one in services] == ["S3Notifies", "SnsDelivers", "LogsEncrypts"]
    assert all(one.conditions for one in services)
    by_sid = {one.sid: one for one in services}
    assert condition(by_sid["SnsDelivers"], "aws:SourceArn") == (
        "ArnEquals",
        (of(Sort.TOPIC, "sentences"), of(Sort.TOPIC, "inbox")),
    )
    assert condition(by_sid["SnsDelivers"], "aws:SourceAccount") is not None
    logs = condition(by_sid["LogsEncrypts"], "kms:EncryptionContext:aws:logs:arn")
    assert logs == ("ArnEquals", tuple(of(Sort.LOGS, node) for node in graph.nodes))


def test_a_key_of_documents_alone_lets_no_service_in() -> None:
    graph = letters(lk.Key(), "store")
    assert [one.sid for one in key_policy(graph, of(Sort.STORE_KEY, "inbox"))] == ["AccountDecides"]


def test_what_owners_of_given_keys_must_see_to_is_said() -> None:
    graph = on_given_bucket("alias/contracts")
    (key,) = given_keys(graph)
    assert [one.sid for one in service_statements(graph, key)] == [
        "EventBridgeDelivers",
        "SnsDelivers",
        "LogsEncrypts",
    ]
    told = key_assumptions(graph)
    assert told[0].startswith(
        "the policy of the given key 'alias/contracts' lets its account's policies decide"
    )
    assert "'EventBridgeDelivers', 'SnsDelivers', 'LogsEncrypts'" in told[0]
    assert (
        told[1] == "the given key 'alias/contracts' is an alias, and nobody else may move it to another key"
    )
    assert told[2].startswith("the objects of the given bucket 'given-bucket' are under alias/contracts")
    assert key_assumptions(letters(lk.Key())) == ()


@pytest.mark.parametrize("name", STEPS)
def test_every_action_of_every_middleware_is_known_to_the_table(name: str) -> None:
    graph = pair(name, "one key")
    provided = provides(graph)
    statements = [one for node in graph.nodes for one in role_statements(graph, node, provided)]
    for node in graph.nodes:
        statements += [
            one for role in extra_roles(graph, node) for one in extra_role_statements(graph, node, role)
        ]
    actions = {action for one in statements for action in one.actions}
    asked = {one for one in actions if not one.startswith(("kms:", "ec2:"))}
    assert [one for one in sorted(asked) if not uses_of(one) and one not in ASKS_NO_KEY] == []


def test_nobody_may_hand_a_key_on() -> None:
    granted = {action for name in STEPS for action in _actions_on_keys(pair(name, "one key"))}
    assert granted == {"kms:Decrypt", "kms:GenerateDataKey", "kms:DescribeKey"}


def _actions_on_keys(graph: lk.Pipeline) -> set[str]:
    return {action for node in graph.nodes for one in held(graph, node).values() for action in one.actions}


def test_every_row_cites_its_page() -> None:
    assert all(len(use.page) > len("User Guide") for use in (*KEY_USES, *ROLE_USES))
    assert all(page for page in ASKS_NO_KEY.values())


def test_no_statement_of_the_key_is_needed_where_nothing_is_under_one() -> None:
    graph = of_some_nodes()
    assert key_statements(graph, "inbox", role_statements(graph, "inbox", provides(graph))) == ()
