"""Roles that a caller gives to EventBridge Scheduler: it must be allowed to pass them.

The emulator asks for the call alone. AWS also asks for ``iam:PassRole`` on the role that a schedule names,
and tells the policy to which service it goes (EventBridge Scheduler User Guide, "Setting up", "Set up the
execution role"; IAM User Guide, "Grant a user permissions to pass a role to an AWS service"). What
CloudFormation makes, the deployer passes, who may do everything.
"""

from __future__ import annotations

import json
from typing import Any, Final

from . import border, enforcement

_SERVICE: Final = "scheduler.amazonaws.com"
_NAMING: Final = {"POST", "PUT"}  # CreateSchedule and UpdateSchedule


def install() -> None:
    """Ask for the passed role before a schedule is made."""
    border.replace("ministack.services.scheduler", "handle_request", _asking)


def _asking(original: Any) -> Any:
    async def handle(method: str, path: str, headers: Any, body: bytes, query: Any) -> Any:
        role = _role(body) if method in _NAMING and path.startswith("/schedules/") else ""
        if role and _refuses(role, headers, query):
            respond = border.of("ministack.core.iam_actions", "access_denied_response")
            return respond("scheduler", "iam:PassRole", "", enforcement.request_id.get(), headers=headers)
        return await original(method, path, headers, body, query)

    return handle


def _role(body: bytes) -> str:
    """Return the role that a schedule's target names; none is the service's own to refuse."""
    try:
        return str(json.loads(body)["Target"]["RoleArn"])
    except (ValueError, KeyError, TypeError):
        return ""


def _refuses(role: str, headers: Any, query: Any) -> bool:
    router = border.module("ministack.core.router")
    caller, region = router.extract_access_key_id(headers, query), router.extract_region(headers, query)
    told = {"iam:PassedToService": _SERVICE}
    enforce = border.of("ministack.core.iam_evaluator", "enforce")
    refused: Any = enforce(caller, "iam:PassRole", "iam", region, resource_arn=role, service_context=told)
    return refused is not None
