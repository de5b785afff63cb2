"""The one way in: who may knock at all, before the emulator sees a request.

Signed AWS calls go to the emulator's dispatcher, which verifies the signature and asks
the policies. Everything else that the emulator would answer (its control endpoints,
browser endpoints, virtual hosts) is closed, or open to the run's token alone.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextvars
import hmac
import json
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs

from . import border, skipping, watch
from .records import RECORDS

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

TOKEN_HEADER: Final = b"x-lakenb-token"
_PAGE: Final = 20_000
_FORWARDED: Final = (b"x-forwarded-", b"forwarded")
_CONTROL: Final = ("/_", "/health")
_WORKER_THREADS: Final = 64

_has_token: contextvars.ContextVar[bool] = contextvars.ContextVar("lakenb_has_token", default=False)


def install() -> None:
    """Close the emulator's unauthenticated routes."""
    for name in (
        "_handle_pre_body_request",
        "_handle_post_body_shortcuts",
        "_handle_special_data_plane_request",
    ):
        border.replace("ministack.app", name, _with_token_only)


def _with_token_only(original: Any) -> Any:
    """Leave a route to the emulator only when the door has seen the token."""

    async def handle(*args: Any, **kwargs: Any) -> Any:
        return await original(*args, **kwargs) if _has_token.get() else None

    return handle


class Door:
    """The ASGI application: checks, then hands on.

    Parameters
    ----------
    port
        The port served, for the Host header.
    token
        The run's token; control endpoints answer to nobody else.
    on_ready
        Called once, when requests are about to be answered.
    bare
        Leave every request to the emulator as it is, but for our own control endpoint.
    """

    def __init__(self, port: int, token: str, on_ready: Callable[[], None], *, bare: bool) -> None:
        self._hosts = {f"127.0.0.1:{port}".encode(), f"localhost:{port}".encode()}
        self._token = token.encode()
        self._on_ready = on_ready
        self._bare = bare
        self._inner = border.module("ministack.app").app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one connection, request or lifespan."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            await self._answer(scope, receive, send)
        else:
            await receive()
            await send({"type": "websocket.close", "code": 1008})

    async def _answer(self, scope: Any, receive: Any, send: Any) -> None:
        headers, path = scope["headers"], scope["path"]
        authorized = self._knows_token(headers)
        if path.startswith("/_lakenb/"):
            if not authorized:
                await _refuse(send, "a control endpoint needs the run's token")
            else:
                await _reply(send, 200, _control(path, scope.get("query_string", b"")))
            return
        if not self._bare:
            if not authorized and path.startswith(_CONTROL):
                await _refuse(send, "a control endpoint needs the run's token")
                return
            # A page in a browser may reach loopback by a name of its own: such a Host is not ours. The
            # emulator would also read a bucket, a function or an API out of it.
            if not any(name == b"host" and value in self._hosts for name, value in headers):
                await _refuse(send, "this host is not served here")
                return
            _has_token.set(authorized and path.startswith(_CONTROL))
        kept = [
            (name, value)
            for name, value in headers
            if not name.lower().startswith(_FORWARDED) and name.lower() != TOKEN_HEADER
        ]
        await self._inner({**scope, "headers": kept}, receive, send)

    def _knows_token(self, headers: list[tuple[bytes, bytes]]) -> bool:
        return any(
            name.lower() == TOKEN_HEADER and hmac.compare_digest(value, self._token)
            for name, value in headers
        )

    async def _live(self, receive: Any, send: Any) -> None:
        """Start what the emulator needs running.

        In place of its own start, which would also run scripts found on this machine, and remove containers.
        """
        await receive()
        app = border.module("ministack.app")
        loop = asyncio.get_running_loop()
        loop.set_default_executor(concurrent.futures.ThreadPoolExecutor(max_workers=_WORKER_THREADS))
        app._MAIN_LOOP = loop  # noqa: SLF001 - set where its worker threads look for it
        border.module("ministack.services.eventbridge").start_scheduler()
        border.module("ministack.services.scheduler").start_scheduler()
        await send({"type": "lifespan.startup.complete"})
        self._on_ready()
        await receive()
        await send({"type": "lifespan.shutdown.complete"})


def _control(path: str, query: bytes) -> Any:
    """Return what one of our own control endpoints answers."""
    since = int(parse_qs(query.decode("ascii", "replace")).get("since", ["0"])[0])
    match path.removeprefix("/_lakenb/"):
        case "state":
            return watch.state()
        case "skip":
            return {"skipped": skipping.skip()}
        case "decisions":
            return RECORDS.decisions.page(since, _PAGE)
        case "deliveries":
            return RECORDS.deliveries.page(since, _PAGE)
        case _:
            return {"error": "unknown"}


async def _refuse(send: Callable[[Any], Awaitable[None]], reason: str) -> None:
    await _reply(send, 403, {"__type": "AccessDeniedException", "message": reason})


async def _reply(send: Callable[[Any], Awaitable[None]], status: int, body: Any) -> None:
    content = json.dumps(body).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(content)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": content})
