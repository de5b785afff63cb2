"""What a probed function runs: the calls that it is asked for, with the credentials it has.

Travels into a function in place of its own code; nothing here is imported by lakenb.
"""

from __future__ import annotations

from typing import Any

import boto3
from botocore.exceptions import ClientError


def handle(event: dict[str, Any], _: object) -> list[dict[str, Any]]:
    """Make each call and return the server's answers, without anything that was read."""
    if "probe" not in event:
        raise RuntimeError("this function is being probed; the message stays in its queue")
    return [_answer(call) for call in event["probe"]]


def _answer(call: dict[str, Any]) -> dict[str, Any]:
    operation = getattr(boto3.client(call["service"]), call["operation"])
    try:
        response = operation(**call["parameters"])
    except ClientError as error:
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
        told = error.response["Error"]
        return {"allowed": False, "status": status, "code": told["Code"], "message": told.get("Message", "")}
    return {
        "allowed": True,
        "status": response["ResponseMetadata"]["HTTPStatusCode"],
        "code": "",
        "message": "",
    }
