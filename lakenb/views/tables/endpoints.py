"""The VPC endpoints that a pipeline's traffic takes, or would take: as published, who needs each, its cost.

Three different parties call AWS for a node. Its own code does so from the function's network, which is the
user's VPC when the function is placed in one. The Lambda service polls the queue, writes the log and places
the function from its own network, for which no endpoint of the user's matters; and S3, SQS, SNS and other
services ask KMS themselves.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lakenb.graph.networks import placed
from lakenb.records.tables import Table
from lakenb.security.networks import network_notes
from lakenb.views.tables.endpoint_costs import cost_notes, monthly
from lakenb.views.tables.endpoints_there import standing
from lakenb.views.tables.order import nodes_in_words, positions

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lakenb.views.seen import Seen
    from lakenb.views.tables.endpoints_there import Standing

COLUMNS = (
    "service",
    "endpoint service",
    "type",
    "published",
    "needed by function code",
    "needed by container",
    "needed by the Lambda service",
    "why",
    "stands",
    "monthly cost",
)
NOTES = (
    "Computed from the actions that the nodes' roles hold in this template.",
    "The Lambda service polls queues and writes logs from its own network: that traffic takes no endpoint.",
    "No node of this version runs in a container.",
)
_BY_LAMBDA = frozenset(
    {
        "sqs:receivemessage",
        "sqs:deletemessage",
        "sqs:getqueueattributes",
        "logs:createloggroup",
        "logs:createlogstream",
        "logs:putlogevents",
        "dynamodb:describestream",
        "dynamodb:getrecords",
        "dynamodb:getsharditerator",
        "dynamodb:liststreams",
    }
)
# By the prefix of IAM's actions: who asks with the node's role, where that is never the function's code.
_ELSEWHERE = {
    "ec2": "the Lambda service places the functions; their own code is denied it",
    "elasticfilesystem": "the file system is mounted, by mount targets in the subnets: no endpoint is needed",
    "iam": "asked for within the call that names the role: no endpoint is needed",
    "kms": "S3, SQS, SNS and other services ask KMS themselves: no endpoint is needed",
}
_INTERFACE, _EITHER = "interface", "interface or gateway"
_UNKNOWN, _NONE = "not known to this table", "—"


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
    "ec2": Endpoint("EC2", ("ec2",)),
    "elasticfilesystem": Endpoint("EFS", ("elasticfilesystem",)),
    "iam": Endpoint("IAM", (), "none in most regions"),
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
    """Return the endpoints that the pipeline's nodes need in a VPC.

    Returns
    -------
    Table
        Columns service, endpoint service, type, published, needed by function code, needed by container,
        needed by the Lambda service, why, stands (in which VPC, or why not), monthly cost (of being there).
        The four published rows always stand, in the page's order; a service that roles name and the page does
        not has its own row below.
    """
    by_code, by_lambda, elsewhere = _needs(seen)
    prefixes = [*PUBLISHED, *sorted({*by_code, *by_lambda, *elsewhere} - set(PUBLISHED))]
    there = standing(seen.graph, seen.template)
    rows = tuple(
        _row(
            seen,
            prefix,
            _Callers(by_code.get(prefix, {}), by_lambda.get(prefix, {}), elsewhere.get(prefix, {})),
            there,
        )
        for prefix in prefixes
    )
    own = network_notes(seen.graph) if placed(seen.graph) else (_NO_VPC,)
    notes = (*NOTES, *own, *cost_notes())
    return Table("endpoints", COLUMNS, rows, notes, frozenset({"endpoint service", "stands"}))


_NO_VPC = "No node is placed in a VPC: the functions call AWS by its public addresses, over TLS."
Needs = dict[str, dict[str, set[str]]]


@dataclass(frozen=True, slots=True)
class _Callers:
    """Who asks a service for what: action -> nodes."""

    code: Mapping[str, set[str]]
    by_lambda: Mapping[str, set[str]]
    elsewhere: Mapping[str, set[str]]


def _needs(seen: Seen) -> tuple[Needs, Needs, Needs]:
    """Return, for code, the Lambda service and others: prefix -> action -> nodes whose roles hold it."""
    by_code: Needs = defaultdict(lambda: defaultdict(set))
    by_lambda: Needs = defaultdict(lambda: defaultdict(set))
    elsewhere: Needs = defaultdict(lambda: defaultdict(set))
    nodes = positions(seen.graph)
    for grant in seen.grants:
        if grant.principal in nodes:
            prefix, colon, _ = grant.action.partition(":")
            # a star, a NotAction or a managed policy names no service: it is shown as it stands
            named = prefix.lower() if colon and prefix.isalnum() else grant.action
            if named == "ec2" or grant.action.lower() in _BY_LAMBDA:
                caller = by_lambda
            else:
                caller = elsewhere if named in _ELSEWHERE else by_code
            caller[named][grant.action].add(grant.principal)
    return by_code, by_lambda, elsewhere


def _row(seen: Seen, prefix: str, callers: _Callers, there: Mapping[str, Standing]) -> tuple[str, ...]:
    known = PUBLISHED.get(prefix) or _OTHERS.get(prefix) or Endpoint(prefix, (), _UNKNOWN)
    names = ", ".join(f"com.amazonaws.<region>.{suffix}" for suffix in known.suffixes) or _UNKNOWN
    is_called = bool(callers.code)
    found = next((there[suffix] for suffix in known.suffixes if suffix in there), None)
    if found is not None:
        stands, cost = str(found), monthly(found.type, found.zones)
    elif is_called:
        stands, cost = _missing(seen), monthly(known.type, 1, each=True)
    else:
        stands, cost = "not needed", _NONE
    return (
        known.service,
        names,
        known.type,
        "✓ published" if prefix in PUBLISHED else "not on the page",
        nodes_in_words(_holders(callers.code), seen.graph),
        _NONE,
        nodes_in_words(_holders(callers.by_lambda), seen.graph),
        "; ".join(_why(prefix, callers)) or "no role names it",
        stands,
        cost,
    )


def _missing(seen: Seen) -> str:
    """Return why no endpoint stands for what is called."""
    vpcs = placed(seen.graph).values()
    if not vpcs:
        return "no VPC"
    return "not in the VPC" if all(vpc.create or vpc.is_described for vpc in vpcs) else "not known"


def _holders(actions: Mapping[str, set[str]]) -> set[str]:
    return {node for nodes in actions.values() for node in nodes}


def _why(prefix: str, callers: _Callers) -> Iterator[str]:
    if callers.code:
        yield f"the functions' own code calls {_actions(callers.code)}"
    if callers.by_lambda:
        yield f"the Lambda service, with the node's role, calls {_actions(callers.by_lambda)}"
    if callers.elsewhere:
        yield _ELSEWHERE[prefix]


def _actions(actions: Mapping[str, set[str]]) -> str:
    return ", ".join(sorted(action.partition(":")[2] or action for action in actions))
