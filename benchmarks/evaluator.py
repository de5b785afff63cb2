"""How many verdicts a second the evaluator gives, on parsed and indexed policies."""

from __future__ import annotations

import itertools
from typing import Any

from harness import Result, measure, timed

from lakenb.iam.evaluator import InForce, evaluate
from lakenb.iam.parser import policy
from lakenb.iam.policies import PolicyKind
from lakenb.iam.requests import request

_ACCOUNT, _VERDICTS, _PROMISED = "111122223333", 4000, 20_000
_ACTIONS = ("s3:GetObject", "s3:PutObject", "sqs:SendMessage", "kms:Decrypt", "s3:DeleteObject")


def _document(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def _identity(node: int) -> dict[str, Any]:
    """Return a policy of the size that a middleware's role has, one of its statements with a variable."""
    queue = f"arn:aws:sqs:eu-west-1:{_ACCOUNT}:q-{node}"
    return _document(
        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": [f"arn:aws:s3:::b-{node}/in/*",
            "arn:aws:s3:::cache/*"]},
        {"Effect": "Allow", "Action": ["s3:PutObject", "s3:AbortMultipartUpload"],
            "Resource": f"arn:aws:s3:::b-{node}/*"},
        {"Effect": "Allow", "Action": ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:SendMessage"],
            "Resource": queue},
        {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": "*", "Condition": {
            "StringEquals": {"kms:ViaService": "s3.eu-west-1.amazonaws.com"},
            "ArnLike": {"kms:EncryptionContext:aws:s3:arn": f"arn:aws:s3:::b-{node}/*"}}},
        {"Effect": "Allow", "Action": "logs:*", "Resource": f"arn:aws:logs:*:*:log-group:n-{node}:*"},
        {"Effect": "Allow", "Action": "s3:GetObject",
            "Resource": "arn:aws:s3:::home/${aws:PrincipalTag/team}/*"},
        {"Effect": "Deny", "Action": "s3:Delete*", "Resource": "*",
            "Condition": {"Bool": {"aws:ViaAWSService": "false"}}},
    )  # fmt: skip


def _resource(node: int) -> dict[str, Any]:
    transport = {"Bool": {"aws:SecureTransport": "false"}}
    return _document(
        {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": [f"arn:aws:s3:::b-{node}",
            f"arn:aws:s3:::b-{node}/*"],
         "Condition": transport},
        {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*",
         "Condition": {"NumericLessThan": {"s3:TlsVersion": "1.2"}}},
        {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{_ACCOUNT}:role/n-{node}"},
            "Action": "s3:GetObject",
         "Resource": f"arn:aws:s3:::b-{node}/in/*"},
    )  # fmt: skip


def _sample() -> list[tuple[tuple[str, str, str, dict[str, Any]], InForce]]:
    """Return requests of 50 roles, a fifth of them for what no statement names, and what is in force."""
    boundary = policy(
        _document({"Effect": "Allow", "Action": ["s3:*", "sqs:*", "kms:*"], "Resource": "*"}),
        PolicyKind.BOUNDARY,
    )
    in_force = [
        InForce(
            identity=(policy(_identity(node), PolicyKind.IDENTITY),),
            resource=policy(_resource(node), PolicyKind.RESOURCE),
            boundaries=(boundary,),
        )
        for node in range(50)
    ]
    context = {
        "aws:SecureTransport": "true",
        "s3:TlsVersion": "1.3",
        "aws:ViaAWSService": "false",
        "aws:PrincipalTag/team": "x",
    }
    found = []
    for number, action in zip(range(_VERDICTS), itertools.cycle(_ACTIONS), strict=False):
        node = number % 50
        role = f"arn:aws:sts::{_ACCOUNT}:assumed-role/n-{node}/run"
        on = (
            f"arn:aws:sqs:eu-west-1:{_ACCOUNT}:q-{node}"
            if action.startswith("sqs")
            else f"arn:aws:s3:::b-{node}/in/k-{number}"
        )
        found.append(((role, action, on, context), in_force[node]))
    return found


def evaluator() -> Result:
    """Measure verdicts, the making of each request from its texts included."""
    sample = _sample()

    def verdicts() -> None:
        for (role, action, on, context), in_force in sample:
            evaluate(request(role, action, on, context=context), in_force)

    return measure(
        f"{_VERDICTS:,} verdicts",
        timed(verdicts),
        rounds=7,
        bound_seconds=_VERDICTS / _PROMISED,
        note=f"{_PROMISED:,} a second are promised; each makes its request from texts, and no reasons",
    )
