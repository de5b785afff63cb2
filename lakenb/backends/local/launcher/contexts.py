"""What a request told the policies beside who asks for what: its context keys, recorded with the decision.

Source: IAM User Guide, "AWS global condition context keys"; the Service Authorization Reference for the
services' own.
"""

from __future__ import annotations

import functools
import json
from typing import Any, Final

from . import border, networks

_ENGINE: Final = "ministack.core.iam_evaluator"
# What the engine knows of every request. The caller's own keys and the time are left out: they follow from
# the caller and from the record.
_OF_EVERY_REQUEST: Final = ("aws:requestedregion", "aws:securetransport", "aws:sourceip", "s3:tlsversion")
_LONGEST: Final = 8192  # characters: AWS's own limits (a key of 1,024, tags of 256) leave a context below it


def told(ctx: Any) -> str:
    """Return a request's context keys and their values as JSON, sorted; "" where they are too long to keep.

    Parameters
    ----------
    ctx
        The engine's own context of the decision.
    """
    resolve = _resolve()
    found = {key: resolve(key, ctx) for key in _OF_EVERY_REQUEST}
    found |= {**ctx.principal_keys, **ctx.service_context, **networks.way(ctx)}
    if ctx.tag_keys:
        found["aws:tagkeys"] = ctx.tag_keys
    found |= {f"aws:requesttag/{name}".lower(): value for name, value in ctx.request_tags.items()}
    carried = sorted((key.lower(), _texts(value)) for key, value in found.items() if value is not None)
    text = json.dumps(carried)
    return text if len(text) <= _LONGEST else ""


@functools.cache
def _resolve() -> Any:
    """Return the engine's own reading of a key, with all that is corrected in it."""
    return border.of(_ENGINE, "_resolve_condition_key")


def _texts(value: Any) -> list[str]:
    several = value if isinstance(value, (list, tuple, set)) else [value]
    return [str(each).lower() if isinstance(each, bool) else str(each) for each in several]
