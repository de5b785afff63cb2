"""The VPC endpoints that a pipeline's traffic would take: as published, and who needs each.

Two different parties call AWS for a node. Its own code does so from the function's network, which is the
user's VPC when the function is placed in one. The Lambda service polls the queue and writes the log from its
own network, for which no endpoint of the user's matters.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lakenb.records.tables import Table
from lakenb.views.tables.order import nodes_in_words, positions

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lakenb.views.seen import Seen

COLUMNS = (
    "service",
    "endpoint service",
    "type",
    "published",
    "needed by function code",
    "needed by the Lambda service",
    "why",
)
NOTES = (
    "Computed from the actions that the nodes' roles hold in this template.",
    "The Lambda service polls queues and writes logs from its own network: that traffic takes no endpoint.",
)
_BY_LAMBDA = frozenset(
    {
        "sqs:receivemessage",
        "sqs:deletemessage",
        "sqs:getqueueattributes",
        "sqs:changemessagevisibility",
        "logs:createloggroup",
        "logs:createlogstream",
        "logs:putlogevents",
    }
)
_INTERFACE, _EITHER = "interface", "interface or gateway"
_UNKNOWN = "not known to this table"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A service's endpoint in a VPC.

    Parameters
    ----------
    service
        The service's name.
    suffixes
        The last parts of the endpoint services' names.
    type
        ``interface``, or ``interface or gateway``.
    """

    service: str
    suffixes: tuple[str, ...]
    type: str = _INTERFACE


# By the prefix of IAM's actions. The first four are the published page's.
PUBLISHED = {
    "sqs": Endpoint("SQS", ("sqs",)),
    "sns": Endpoint("SNS", ("sns",)),
    "logs": Endpoint("Logs", ("logs",)),
    "s3": Endpoint("S3", ("s3",), _EITHER),
}
# Source: AWS PrivateLink Guide, "AWS services that integrate with AWS PrivateLink".
_OTHERS = {
    "bedrock": Endpoint("Bedrock", ("bedrock-runtime",)),
    "comprehend": Endpoint("Comprehend", ("comprehend",)),
    "dynamodb": Endpoint("DynamoDB", ("dynamodb",), _EITHER),
    "events": Endpoint("EventBridge", ("events",)),
    "firehose": Endpoint("Data Firehose", ("kinesis-firehose",)),
    "kinesis": Endpoint("Kinesis Data Streams", ("kinesis-streams",)),
    "kms": Endpoint("KMS", ("kms",)),
    "lambda": Endpoint("Lambda", ("lambda",)),
    "polly": Endpoint("Polly", ("polly",)),
    "rekognition": Endpoint("Rekognition", ("rekognition",)),
    "scheduler": Endpoint("EventBridge Scheduler", ("scheduler",)),
    "secretsmanager": Endpoint("Secrets Manager", ("secretsmanager",)),
    "ssm": Endpoint("Systems Manager", ("ssm",)),
    "states": Endpoint("Step Functions", ("states",)),
    "sts": Endpoint("STS", ("sts",)),
    "textract": Endpoint("Textract", ("textract",)),
    "transcribe": Endpoint("Transcribe", ("transcribe",)),
    "translate": Endpoint("Translate", ("translate",)),
}


def endpoints_table(seen: Seen) -> Table:
    """Return the endpoints that the pipeline's nodes would need in a VPC.

    Returns
    -------
    Table
        Columns service, endpoint service, type, published, needed by function code, needed by the Lambda
        service, why. The four published rows always stand, in the page's order; a service that roles name
        and the page does not has its own row below.
    """
    by_code, by_lambda = _needs(seen)
    prefixes = [*PUBLISHED, *sorted({*by_code, *by_lambda} - set(PUBLISHED))]
    rows = tuple(
        _row(seen, prefix, by_code.get(prefix, {}), by_lambda.get(prefix, {})) for prefix in prefixes
    )
    return Table("endpoints", COLUMNS, rows, NOTES, frozenset({"endpoint service"}))


Needs = dict[str, dict[str, set[str]]]


def _needs(seen: Seen) -> tuple[Needs, Needs]:
    """Return, for code and for the Lambda service: prefix -> action -> nodes whose roles hold it."""
    by_code: Needs = defaultdict(lambda: defaultdict(set))
    by_lambda: Needs = defaultdict(lambda: defaultdict(set))
    nodes = positions(seen.graph)
    for grant in seen.grants:
        if grant.principal in nodes:
            prefix, colon, _ = grant.action.partition(":")
            # a star, a NotAction or a managed policy names no service: it is shown as it stands
            named = prefix.lower() if colon and prefix.isalnum() else grant.action
            caller = by_lambda if grant.action.lower() in _BY_LAMBDA else by_code
            caller[named][grant.action].add(grant.principal)
    return by_code, by_lambda


def _row(
    seen: Seen, prefix: str, code: Mapping[str, set[str]], service: Mapping[str, set[str]]
) -> tuple[str, ...]:
    known = PUBLISHED.get(prefix) or _OTHERS.get(prefix) or Endpoint(prefix, (), _UNKNOWN)
    names = ", ".join(f"com.amazonaws.<region>.{suffix}" for suffix in known.suffixes) or _UNKNOWN
    return (
        known.service,
        names,
        known.type,
        "✓ published" if prefix in PUBLISHED else "not on the page",
        nodes_in_words(_holders(code), seen.graph),
        nodes_in_words(_holders(service), seen.graph),
        "; ".join(_why(code, service)) or "no role names it",
    )


def _holders(actions: Mapping[str, set[str]]) -> set[str]:
    return {node for nodes in actions.values() for node in nodes}


def _why(code: Mapping[str, set[str]], service: Mapping[str, set[str]]) -> Iterator[str]:
    if code:
        yield f"the functions' own code calls {_actions(code)}"
    if service:
        yield f"the Lambda service, with the node's role, calls {_actions(service)}"


def _actions(actions: Mapping[str, set[str]]) -> str:
    return ", ".join(sorted(action.partition(":")[2] or action for action in actions))
