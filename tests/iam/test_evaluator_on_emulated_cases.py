"""The cases that the embedded AWS decides over HTTP, decided here: a third opinion on one table."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lakenb.iam.cases import case as read
from lakenb.iam.evaluator import evaluate
from tests.backends.local.iam_matrix import CASES, Case

ACCOUNT = "111122223333"
NAMES = {
    "role": f"arn:aws:iam::{ACCOUNT}:role/matrix", "account": ACCOUNT, "bucket": "arn:aws:s3:::matrix",
    "queue": f"arn:aws:sqs:eu-west-1:{ACCOUNT}:matrix", "topic": f"arn:aws:sns:eu-west-1:{ACCOUNT}:matrix",
}  # fmt: skip
_OBJECT, _QUEUE, _TOPIC = "{bucket}/{on}", "{queue}", "{topic}"
# What each call asks for; all of it must be allowed.
ASKED = {
    "get": [("s3:GetObject", _OBJECT)],
    "head": [("s3:GetObject", _OBJECT)],
    "put": [("s3:PutObject", _OBJECT)],
    "put-tagged": [("s3:PutObject", _OBJECT), ("s3:PutObjectTagging", _OBJECT)],
    "put-acl": [("s3:PutObject", _OBJECT), ("s3:PutObjectAcl", _OBJECT)],
    "copy-replace": [("s3:GetObject", _OBJECT), ("s3:PutObject", "{bucket}/copied")],
    "list": [("s3:ListBucket", "{bucket}")],
    "multipart": [("s3:PutObject", _OBJECT)],
    "abort": [("s3:AbortMultipartUpload", _OBJECT)],
    "delete": [("s3:DeleteObject", _OBJECT)],
    "delete-two": [("s3:DeleteObject", _OBJECT), ("s3:DeleteObject", "{bucket}/k4")],
    "send": [("sqs:SendMessage", _QUEUE)],
    "send-batch": [("sqs:SendMessage", _QUEUE)],
    "receive": [("sqs:ReceiveMessage", _QUEUE)],
    "delete-batch": [("sqs:DeleteMessage", _QUEUE)],
    "visibility-batch": [("sqs:ChangeMessageVisibility", _QUEUE)],
    "delete-queue": [("sqs:DeleteQueue", _QUEUE)],
    "publish": [("sns:Publish", _TOPIC)],
    "publish-batch": [("sns:Publish", _TOPIC)],
    "subscribe": [("sns:Subscribe", _TOPIC)],
}
FIT = [case for case in CASES if case.call in ASKED]


def document(statements: tuple[dict[str, Any], ...], version: str = "2012-10-17") -> Any:
    text = json.dumps({"Version": version, "Statement": list(statements)})
    for name, value in NAMES.items():
        text = text.replace("{" + name + "}", value)
    return json.loads(text)


def decisions(case: Case) -> set[str]:
    given: dict[str, Any] = {"identity_policies": [document(case.identity, case.version)]}
    if case.resource:
        given["resource_policy"] = document(case.resource)
    if case.boundary is not None:
        given["permission_boundaries"] = [document(case.boundary)]
    if case.session is not None:
        given["session_policy"] = document(case.session)
    context = {
        "aws:SecureTransport": "true", "aws:SourceIp": "127.0.0.1", "aws:CurrentTime": "2026-11-01T00:00:00Z",
        "s3:prefix": case.on, "s3:max-keys": 5,
    }  # fmt: skip
    found = set()
    for action, on in ASKED[case.call]:
        resource = on.replace("{on}", case.on)
        for name, value in NAMES.items():
            resource = resource.replace("{" + name + "}", value)
        principal = f"arn:aws:sts::{ACCOUNT}:assumed-role/matrix/tested"
        request = {"principal": principal, "action": action, "resource": resource, "context": context}
        found.add(evaluate(*read({**given, "request": request})).value)
    return found


@pytest.mark.parametrize("case", FIT, ids=[case.name for case in FIT])
def test_evaluator_decides_as_the_table_says(case: Case) -> None:
    found = decisions(case)
    assert (found == {"ALLOWED"}) is case.allowed
    assert "UNDECIDED" not in found


def test_most_of_the_table_fits() -> None:
    assert len(FIT) >= 105
