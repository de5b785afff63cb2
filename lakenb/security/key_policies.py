"""What stands in the policies of keys: the account decides by its own policies, services work for sources.

Who delivers to a queue under a key is read from the queue's own policy, so both say the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakenb.security.deputies import EVENTS, LOGS, S3, SNS, deputy
from lakenb.security.key_uses import DECRYPT, MAKE
from lakenb.security.keys import is_alias, key_at, keys_of
from lakenb.security.statements import dead_letter_statements, queue_statements
from lakenb.security.stores import given_bucket
from lakenb.security.values import ACCOUNT, Condition, Sort, Statement, Target, of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakenb.graph.graph import Graph

_THIS = (of(Sort.THIS_KEY),)
_SIDS = {SNS: "SnsDelivers", S3: "S3Notifies", EVENTS: "EventBridgeDelivers"}
_WORDS = {
    SNS: "SNS encrypts what it brings to queues under this key",
    S3: "S3 encrypts its notifications to queues under this key",
    EVENTS: "EventBridge encrypts what it brings to queues under this key",
}
# Amazon CloudWatch Logs User Guide, "Encrypt log data in CloudWatch Logs using AWS KMS", step 2
_LOG_ACTIONS = ("kms:Encrypt*", "kms:Decrypt*", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:Describe*")


def key_policy(graph: Graph, key: Target) -> tuple[Statement, ...]:
    """Return the statements of a key's policy.

    The account's own policies decide (AWS KMS Developer Guide, "Default key policy"): without that statement
    no role's statement counts, and nobody could ever change the key. Services get what they need for the
    pipeline's own sources.
    """
    account = Statement(
        "AccountDecides",
        ("kms:*",),
        _THIS,
        "the account's own policies say who may use and change the key",
        principal=ACCOUNT,
    )
    return (account, *service_statements(graph, key))


def service_statements(graph: Graph, key: Target) -> tuple[Statement, ...]:
    """Return what services may do with a key: bring messages to queues under it, and keep logs under it."""
    found = [
        Statement(
            _SIDS[service],
            (MAKE, DECRYPT),
            _THIS,
            _WORDS[service],
            _conditions(service, tuple(sources)),
            service,
        )
        for service, sources in sorted(_sources(graph, key).items())
    ]
    if groups := _logs(graph, key):
        (context,) = deputy(LOGS, MAKE, "key policy").keys
        why = "CloudWatch Logs keeps the logs of the pipeline under this key"
        conditions = (Condition("ArnEquals", context, groups),)
        found.append(Statement("LogsEncrypts", _LOG_ACTIONS, _THIS, why, conditions, LOGS))
    return tuple(found)


def _sources(graph: Graph, key: Target) -> dict[str, dict[Target, None]]:
    """Return by service for what it brings messages to queues under a key."""
    found: dict[str, dict[Target, None]] = {}
    for node in graph.nodes:
        if key_at(graph, node, is_bucket=False) != key:
            continue
        queues = () if graph.nodes[node].given_queue() else queue_statements(graph, node)
        for statement in (*queues, *dead_letter_statements(graph, node)):
            if statement.effect == "Allow" and statement.principal in _SIDS:
                found.setdefault(statement.principal, {}).update(dict.fromkeys(_of_source(statement)))
    return found


def _of_source(statement: Statement) -> Iterator[Target]:
    for condition in statement.conditions:
        if condition.key == "aws:SourceArn":
            yield from (value for value in condition.values if isinstance(value, Target))


def _conditions(service: str, sources: tuple[Target, ...]) -> tuple[Condition, ...]:
    # P9: the narrowest condition that AWS documents this service to send on this call
    conditions = {
        "aws:SourceArn": Condition("ArnEquals", "aws:SourceArn", sources),
        "aws:SourceAccount": Condition("StringEquals", "aws:SourceAccount", (ACCOUNT,)),
    }
    return tuple(conditions[name] for name in deputy(service, MAKE, "key policy").keys)


def _logs(graph: Graph, key: Target) -> tuple[Target, ...]:
    return tuple(of(Sort.LOGS, node) for node in graph.nodes if key_at(graph, node, is_bucket=False) == key)


def given_keys(graph: Graph) -> tuple[Target, ...]:
    """Return the keys whose policies are their owners', sorted."""
    return tuple(key for key in keys_of(graph) if key.sort == Sort.GIVEN_KEY.value)


def key_assumptions(graph: Graph) -> tuple[str, ...]:
    """Return what the pipeline takes for granted of keys that it does not make, one sentence each.

    Parameters
    ----------
    graph
        The pipeline.

    Returns
    -------
    tuple[str, ...]
        Sorted by key; then what lies in given buckets and queues. Empty where nothing is under a key.
    """
    sentences = []
    for key in given_keys(graph):
        services = service_statements(graph, key)
        names = ", ".join(f"'{one.sid}'" for one in services)
        which = f"the given key {key.id!r}"
        sentences.append(
            f"the policy of {which} lets its account's policies decide"
            + (f", and holds the statements {names} that pipe.keys shows" if names else "")
        )
        if is_alias(key):
            sentences.append(f"{which} is an alias, and nobody else may move it to another key")
    for node, step in graph.nodes.items():
        own = key_at(graph, node, is_bucket=False)
        if own is None:
            continue
        buckets = dict.fromkeys((given_bucket(step), *(place.bucket for place in step.given_places())))
        what = [f"the objects of the given bucket {bucket!r}" for bucket in buckets if bucket]
        if queue := step.given_queue():
            what.append(f"the messages of the given queue {queue!r}")
        sentences += [f"{one} are under {own}, or under no customer's key" for one in what]
    return tuple(dict.fromkeys(sentences))
