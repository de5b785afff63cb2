"""Which action a request is, and on which resource: the corrections to the emulator's reading.

Sources: the Service Authorization Reference for Amazon S3, SQS and SNS; the S3 API's
"Permissions" paragraphs.
"""

from __future__ import annotations

from typing import Any, Final

from . import border

_OWNER: Final = "ministack.core.iam_actions"

# A batch call needs the permission of the single call; the batch's own name is no IAM action.
SINGLE_CALL: Final = {
    "sqs:SendMessageBatch": "sqs:SendMessage",
    "sqs:DeleteMessageBatch": "sqs:DeleteMessage",
    "sqs:ChangeMessageVisibilityBatch": "sqs:ChangeMessageVisibility",
    "sns:PublishBatch": "sns:Publish",
}

# A header of a PUT that asks for more than writing the object.
_HEADER_ACTIONS: Final = {
    "x-amz-tagging": "s3:PutObjectTagging",
    "x-amz-acl": "s3:PutObjectAcl",
    "x-amz-object-lock-mode": "s3:PutObjectRetention",
    "x-amz-object-lock-retain-until-date": "s3:PutObjectRetention",
    "x-amz-object-lock-legal-hold": "s3:PutObjectLegalHold",
}

# No action of any service: only a principal that may do everything passes.
UNMODELLED: Final = "UnmodelledCall"


def install(*, aliases_only: bool) -> None:
    """Correct which action and resource a request is checked for.

    Parameters
    ----------
    aliases_only
        Only the batch calls: without them no template with least privilege runs at all.
    """
    if aliases_only:
        border.replace(_OWNER, "extract_iam_action", _aliased)
        return
    border.replace(_OWNER, "_s3_action", _by_exact_key)
    border.replace(_OWNER, "extract_iam_action", lambda original: _aliased(_unambiguous(original)))
    border.replace(_OWNER, "extract_resource_arn", _with_exact_key)
    border.replace(_OWNER, "s3_additional_checks", _with_copied_tags)


def _aliased(original: Any) -> Any:
    def extract(*request: Any) -> Any:
        action = original(*request)
        return SINGLE_CALL.get(action, action)

    return extract


def _unambiguous(original: Any) -> Any:
    """Read the action from where the service itself does, and let no call pass for lack of a name."""
    namespaces = border.of(_OWNER, "SERVICE_TO_IAM_NAMESPACE")
    s3_action = border.of(_OWNER, "_s3_action")

    def extract(service: str, method: str, path: str, headers: Any, *rest: Any) -> Any:
        namespace = namespaces.get(service, service)
        target = headers.get("x-amz-target", "")
        if service == "s3":  # `?Action=` is an ordinary query parameter there
            return f"s3:{s3_action(method, path, rest[-1]) or UNMODELLED}"
        if "." in target:
            return f"{namespace}:{target.rsplit('.', 1)[-1]}"
        found = original(service, method, path, headers, *rest)
        return f"{namespace}:{UNMODELLED}" if found is None else found

    return extract


def bucket_and_key(path: str) -> tuple[str, str]:
    """Return a path's bucket and its whole key: slashes at its ends and doubled ones belong to the key."""
    bucket, _, key = path.lstrip("/").partition("/")
    return bucket, key


def _by_exact_key(original: Any) -> Any:
    """Tell an object call from a bucket call by the key as it is: `/bucket//` is an object named `/`."""

    def action(method: str, path: str, query_params: Any) -> Any:
        bucket, key = bucket_and_key(path)
        plain = f"/{bucket}/key" if key else f"/{bucket}"
        return original(method, plain, query_params)

    return action


def _with_exact_key(original: Any) -> Any:
    def extract(service: str, method: str, path: str, *rest: Any) -> Any:
        if service == "s3":
            bucket, key = bucket_and_key(path)
            if key:
                return f"arn:aws:s3:::{bucket}/{key}"
        return original(service, method, path, *rest)

    return extract


def _with_copied_tags(original: Any) -> Any:
    """Ask for tags, ACLs and locks that a put or a copy carries along, and use the exact key."""
    s3_action = border.of(_OWNER, "_s3_action")

    def checks(method: str, path: str, headers: Any, body: bytes, query_params: Any) -> list[tuple[str, str]]:
        bucket, key = bucket_and_key(path)
        if not key:
            found: list[tuple[str, str]] = original(method, path, headers, body, query_params)
            return found
        exact = f"arn:aws:s3:::{bucket}/{key}"
        squeezed = f"arn:aws:s3:::{'/'.join(part for part in path.split('/') if part)}"
        found = [
            (action, exact if arn == squeezed else arn)
            for action, arn in original(method, path, headers, body, query_params)
        ]
        if s3_action(method, path, query_params) == "PutObject":
            named = {action for header, action in _HEADER_ACTIONS.items() if headers.get(header)}
            found.extend((action, exact) for action in sorted(named))
            found.extend(_tags_of_source(headers, exact))
        return found

    return checks


def _tags_of_source(headers: Any, target: str) -> list[tuple[str, str]]:
    """Return what a copy needs for its source's tags: nothing when it has none, or they are replaced."""
    source = border.of(_OWNER, "_s3_source_object")(headers)
    if source is None or headers.get("x-amz-tagging-directive", "").upper() == "REPLACE":
        return []
    bucket, _, key = source[0].removeprefix("arn:aws:s3:::").partition("/")
    tags = border.of("ministack.services.s3", "_object_tags")
    if not any(stored[:2] == (bucket, key) and found for stored, found in tags.items()):
        return []
    return [("s3:GetObjectTagging", source[0]), ("s3:PutObjectTagging", target)]
