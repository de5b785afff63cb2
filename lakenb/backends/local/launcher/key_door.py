"""Every request on something under a key asks that key as well, as its caller and through its service."""

from __future__ import annotations

from typing import Any

from . import border, keyed


def install() -> None:
    """Ask the key after the request itself was allowed."""
    border.replace("ministack.core.iam_evaluator", "enforce", _asking_keys)


def _asking_keys(original: Any) -> Any:
    def enforce(
        access_key_id: str, iam_action: str, service: str, region: str, *rest: Any, **more: Any
    ) -> Any:
        refused = original(access_key_id, iam_action, service, region, *rest, **more)
        if refused is not None:
            return refused
        resource = rest[0] if rest else more.get("resource_arn", "*")
        asked = keyed.asked_of(iam_action, resource, region)
        if asked is None:
            return None
        for action in asked.actions:
            refused = original(
                access_key_id,
                action,
                "kms",
                region,
                resource_arn=asked.key,
                service_context=dict(asked.context),
            )
            if refused is not None:
                return refused
        return None

    return enforce
