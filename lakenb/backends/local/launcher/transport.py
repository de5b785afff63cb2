"""How a request came, by plain loopback or over TLS, and what the policies hear of it."""

from __future__ import annotations

import contextvars
import os
from typing import Any, Final

from . import border

_ENGINE: Final = "ministack.core.iam_evaluator"

# The TLS version of the connection being served, such as "1.3"; "" for a plain one.
_version: contextvars.ContextVar[str] = contextvars.ContextVar("lakenb_tls_version", default="")


def install(*, pinned: bool) -> None:
    """Tell the policies how a request really came, or that it came safely.

    Parameters
    ----------
    pinned
        Let `aws:SecureTransport` be true for plain requests, too: nothing leaves this machine.
    """
    # INVARIANT: the server is bound to loopback and nothing else.
    if os.environ.get("BIND_HOST") != "127.0.0.1":
        raise border.BorderError("the server is for 127.0.0.1 only")
    # What AWS's services do among themselves has no connection here, and is over TLS there: so the default.
    origin = contextvars.ContextVar("lakenb_request_origin", default=("127.0.0.1", True))
    engine = border.module(_ENGINE)
    engine._request_origin = origin  # noqa: SLF001 - set, not read: a context variable keeps its default

    def pin(source_ip: str, secure_transport: bool) -> None:  # noqa: ARG001 - it came out of a header
        origin.set((source_ip, pinned or bool(_version.get())))

    border.replace(_ENGINE, "pin_request_origin", lambda _: pin)
    border.replace("ministack.app", "pin_request_origin", lambda _: pin)


def install_version() -> None:
    """Give S3's policies the key `s3:TlsVersion` where there is a version to tell."""
    border.replace(_ENGINE, "_resolve_condition_key", _with_version)


def _with_version(original: Any) -> Any:
    def resolve(key: str, ctx: Any) -> Any:
        if key.lower() == "s3:tlsversion" and ctx.action.startswith("s3:"):
            return _version.get() or None
        return original(key, ctx)

    return resolve


def note(connection: Any) -> None:
    """Note a connection's TLS version for every request on it.

    Parameters
    ----------
    connection
        The connection's stream writer; this is called in the connection's own task.
    """
    tls = connection.get_extra_info("ssl_object")
    _version.set("" if tls is None else tls.version().removeprefix("TLSv"))
