"""The embedded AWS in a child process: start it, call it, watch it, stop it.

`LocalEmulator` is an `Emulator` (see `seam`): the launcher, in a session of its own. Its secrets go
through a pipe, never through arguments or files.
"""

from __future__ import annotations

import http.client
import json
import os
import secrets
import ssl
import sys
import threading
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, Self

from lakenb.backends.local.seam import Delivery, EmulatorState, QueueState, RawDecision
from lakenb.backends.local.server_process import ServerProcess
from lakenb.errors import LocalRunError

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

    from lakenb.backends.local.seam import Context

_CONNECTIONS: Final = 32
_ANSWER_SECONDS: Final = 30.0
_BASE32: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"


@dataclass(frozen=True, slots=True, repr=False)
class _Secrets:
    """What only this run knows: the deployer's key and the control endpoints' token."""

    access_key: str = field(
        default_factory=lambda: "AKIA" + "".join(secrets.choice(_BASE32) for _ in range(16))
    )
    secret_key: str = field(default_factory=lambda: secrets.token_urlsafe(30))
    token: str = field(default_factory=lambda: secrets.token_urlsafe(32))


class LocalEmulator:
    """The embedded AWS in a child process; a context manager.

    Parameters
    ----------
    account, region
        What the emulator calls itself.
    bare
        The unmodified emulator, for comparison in benchmarks: no gates, no hardening.
    tls, pin_transport
        As for `start_emulator`.
    """

    def __init__(
        self, account: str, region: str, *, bare: bool, tls: bool = False, pin_transport: bool = True
    ) -> None:
        self.account = account
        self.region = region
        self.endpoint: str = ""
        self.bare = bare
        self._secrets = _Secrets()
        config = {
            "account": account,
            "region": region,
            "bare": bare,
            "pinned": pin_transport and not tls,
            **asdict(self._secrets),
        }
        self._server = ServerProcess(config, tls=tls)
        self._clients: dict[str, Any] = {}
        self._session: Any = None
        self._connection: http.client.HTTPConnection | None = None
        self._lock = threading.RLock()
        self._decisions: list[RawDecision] = []
        self._deliveries: list[Delivery] = []
        self._read = {"decisions": 0, "deliveries": 0}  # positions: the server drops its oldest rows some day

    @property
    def access_key(self) -> str:
        """Return the deployer's access key id."""
        return self._secrets.access_key

    @property
    def secret_key(self) -> str:
        """Return the deployer's secret key."""
        return self._secrets.secret_key

    @property
    def token(self) -> str:
        """Return the token of the control endpoints."""
        return self._secrets.token

    @property
    def pid(self) -> int:
        """Return the server's process id."""
        return self._server.pid

    @property
    def home(self) -> Path:
        """Return the run's folder: the server's log, objects and functions' code."""
        return self._server.home

    @property
    def ca_bundle(self) -> Path | None:
        """Return the certificate that its clients verify it against (their ``verify=``); None without TLS."""
        made = self._server.certificate
        return None if made is None else made.path

    def __repr__(self) -> str:
        """Return where it runs, without its secrets."""
        return f"<LocalEmulator {self.endpoint or 'stopped'}, account {self.account}, region {self.region}>"

    def __enter__(self) -> Self:
        """Return the running emulator."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop it."""
        self.stop()

    def start(self) -> Self:
        """Start the server and return when it answers.

        Raises
        ------
        EnvironmentSetupError
            If what it needs cannot be installed, or made.
        LocalRunError
            If the server ends, or says nothing in time; with the last lines of its log.
        """
        port = self._server.start()
        self.endpoint = f"{'http' if self.ca_bundle is None else 'https'}://127.0.0.1:{port}"
        return self

    def client(self, service: str) -> Any:
        """Return a boto3 client that calls as the deployer; one a service, kept.

        Parameters
        ----------
        service
            boto3's name of it, such as ``s3``.
        """
        with self._lock:
            if service not in self._clients:
                self._clients[service] = self._new_client(service)
            return self._clients[service]

    def _new_client(self, service: str) -> Any:
        from botocore.config import Config  # noqa: PLC0415 - imported only when used: it costs a fifth of a second

        if self._session is None:
            self._session = self._new_session()
        config = Config(
            retries={"mode": "standard", "max_attempts": 3},
            s3={"addressing_style": "path"},
            max_pool_connections=_CONNECTIONS,
            inject_host_prefix=False,
            use_fips_endpoint=False,
            use_dualstack_endpoint=False,
            proxies={},
        )
        verify = None if self.ca_bundle is None else str(self.ca_bundle)
        return self._session.client(service, endpoint_url=self.endpoint, config=config, verify=verify)

    def _new_session(self) -> Any:
        """Return a boto3 session that knows nothing of the user's profiles, keys and endpoints."""
        import boto3  # noqa: PLC0415 - as the one above
        import botocore.session  # noqa: PLC0415 - as the one above

        own = self.home / "aws-config"
        own.write_text("[default]\n", encoding="utf-8")
        session = botocore.session.Session()
        for name, value in (
            ("config_file", str(own)),
            ("credentials_file", os.devnull),
            ("profile", "default"),
        ):
            session.set_config_variable(name, value)
        return boto3.session.Session(
            aws_access_key_id=self.access_key,
            aws_secret_access_key=self.secret_key,
            region_name=self.region,
            botocore_session=session,
        )

    def control(self, path: str) -> Any:
        """Return what one of the launcher's control endpoints answers.

        Parameters
        ----------
        path
            Such as ``/_lakenb/state``.

        Raises
        ------
        LocalRunError
            If the server does not answer.
        """
        with self._lock:
            try:
                status, body = self._ask(path)
            except (OSError, http.client.HTTPException):  # the server may have closed an idle connection
                self._connection = None
                try:
                    status, body = self._ask(path)
                except (OSError, http.client.HTTPException) as error:
                    self._connection = None
                    raise self._server.failure("the embedded AWS does not answer any more") from error
        if status != http.HTTPStatus.OK:
            raise self._server.failure(f"the embedded AWS refused {path} ({status})")
        return json.loads(body)

    def _ask(self, path: str) -> tuple[int, bytes]:
        """Ask over the one connection that is kept for this: a run asks many times a second."""
        if self._connection is None:
            self._connection = self._connect()
        self._connection.request("GET", path, headers={"X-Lakenb-Token": self.token})
        response = self._connection.getresponse()
        return response.status, response.read()

    def _connect(self) -> http.client.HTTPConnection:
        host = self.endpoint.partition("://")[2]
        if self.ca_bundle is None:
            return http.client.HTTPConnection(host, timeout=_ANSWER_SECONDS)
        trust = ssl.create_default_context(cafile=str(self.ca_bundle))  # that certificate and no other
        return http.client.HTTPSConnection(host, timeout=_ANSWER_SECONDS, context=trust)

    def state(self) -> EmulatorState:
        """Return what is under way, taken in one piece.

        Raises
        ------
        LocalRunError
            If the server does not answer, or functions cannot be started on this machine.
        """
        found = self.control("/_lakenb/state")
        if found["troubles"]:
            raise LocalRunError(
                f"the embedded AWS cannot work on this machine: {found['troubles'][0]}",
                str(self.home),
                "make room (disk, memory, open files), or name another folder with TMPDIR",
            )
        queues = tuple(QueueState(**queue) for queue in found["queues"])
        return EmulatorState(
            queues,
            found["running_invocations"],
            found["running_by_function"],
            found["pending_deliveries"],
            found["pending_schedules"],
        )

    def skip_time(self) -> None:
        """Make due what is scheduled next: nothing else is under way, so nothing happens before it."""
        self.control("/_lakenb/skip")

    def decisions(self) -> tuple[RawDecision, ...]:
        """Return every decision so far, in order; only new ones are fetched."""
        with self._lock:
            rows = self._new_rows("decisions")
            self._decisions.extend(RawDecision(*(*row[:-1], _context(row[-1]))) for row in rows)
            return tuple(self._decisions)

    def deliveries(self) -> tuple[Delivery, ...]:
        """Return what became of every published message so far, in order; only new ones are fetched."""
        with self._lock:
            self._deliveries.extend(Delivery(*row) for row in self._new_rows("deliveries"))
            return tuple(self._deliveries)

    def _new_rows(self, what: str) -> list[list[Any]]:
        """Return the rows that were added since the last call, page by page."""
        rows: list[list[Any]] = []
        total = None
        while total is None or self._read[what] < total:
            page = self.control(f"/_lakenb/{what}?since={self._read[what]}")
            rows.extend(page["entries"])
            self._read[what], total = page["next"], page["total"]
        return rows

    def stop(self) -> None:
        """End the server, every function's process and the run's folder; again is fine."""
        try:
            self._server.stop()
        finally:
            for client in tuple(self._clients.values()):
                client.close()
            if self._connection is not None:
                self._connection.close()
                self._connection = None
            self._clients, self._session = {}, None
            self.endpoint = ""


@lru_cache(maxsize=4096)
def _context(told: str) -> Context | None:
    """Return the context that the launcher wrote into a record: one object for each, however many rows."""
    return tuple((key, tuple(values)) for key, values in json.loads(told)) if told else None


def start_emulator(
    *,
    account: str = "111122223333",
    region: str = "us-east-1",
    bare: bool = False,
    tls: bool = False,
    pin_transport: bool = True,
) -> LocalEmulator:
    """Start an embedded AWS and return it when it answers.

    Parameters
    ----------
    account
        Its account id: twelve digits.
    region
        Its region.
    bare
        The unmodified emulator, for benchmarks: IAM enforced as it does by itself, no
        gates, no hardening.
    tls
        Serve over TLS (1.2 at least) with a certificate of the run's own, made by the ``openssl``
        program. Policies then hear how a request really came: `aws:SecureTransport`, `s3:TlsVersion`.
    pin_transport
        Without TLS, let `aws:SecureTransport` be true all the same, since nothing leaves this machine:
        else no template that denies plain requests could run. False is for tests and teaching: the
        Denies are seen to be alive.

    Returns
    -------
    LocalEmulator
        A context manager that stops it.

    Raises
    ------
    EnvironmentSetupError
        If what it needs cannot be installed, or made.
    LocalRunError
        If it does not start.
    """
    if sys.platform == "win32":
        raise LocalRunError("the embedded AWS runs on Linux and macOS only", "start_emulator", "use WSL")
    return LocalEmulator(account, region, bare=bare, tls=tls, pin_transport=pin_transport).start()
