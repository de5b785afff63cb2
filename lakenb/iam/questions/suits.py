"""Which actions can be about which resources, as far as the ARNs' forms tell.

Service Authorization Reference, "Resource types defined by Amazon S3" and the other services' pages. What is
not known here may suit.
"""

from __future__ import annotations

import re
from typing import Final

_OBJECT_WORDS: Final = ("object", "multipart", "governanceretention")
# Actions of one service on resources of another.
_ELSEWHERE: Final = {"sts": {"iam", "sts"}, "elasticfilesystem": {"elasticfilesystem"}}
# Services whose actions are about resources of several services.
_ANYWHERE: Final = frozenset(
    {"tag", "config", "cloudformation", "cloudcontrol", "access-analyzer", "backup", "ram"}
)
_SERVICE: Final = re.compile(r"arn:[^:]*:([a-z0-9-]+):")
_WILD: Final = re.compile(r"[*?]")


def suits(action: str, resource: str) -> bool:
    """Return whether an action can be about a resource; both may be globs.

    Examples
    --------
    >>> suits("s3:GetObject", "arn:aws:s3:::b/*"), suits("s3:GetObject", "arn:aws:s3:::b")
    (True, False)
    >>> suits("sqs:SendMessage", "arn:aws:sns:eu-west-1:111122223333:t"), suits("s3:*", "arn:aws:s3:::b")
    (False, True)
    """
    service, _, name = action.lower().partition(":")
    read = _SERVICE.match(resource)
    if read is None or _WILD.search(service) or service in _ANYWHERE:
        return True
    if read[1] not in _ELSEWHERE.get(service, {service}):
        return False
    if service != "s3" or ":s3:::" not in resource or _WILD.search(name):
        return True
    return _suits_s3(name, resource.partition(":s3:::")[2])


def _suits_s3(name: str, path: str) -> bool:
    """Return whether an action of S3 is about objects and the path is of one, or neither."""
    bucket, slash, _ = path.partition("/")
    is_of_objects = any(word in name for word in _OBJECT_WORDS) and "bucket" not in name
    may_run_on = bool(_WILD.search(re.sub(r"\$\{[*?$]\}", "", bucket)))
    return may_run_on or bool(slash) is is_of_objects
