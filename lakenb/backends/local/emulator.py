"""The embedded AWS as the rest of lakenb sees it: start it, call it, watch it, stop it.

`Emulator` is the seam; `LocalEmulator` runs the launcher as a child process in a session
of its own. Its secrets go through a pipe, never through arguments or files.
"""

from __future__ import annotations

import atexit
import contextlib
import http.client
import json
import os
import secrets
import selectors
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol, Self

from lakenb.backends.local.environment import emulator_python
from lakenb.errors import LocalRunError

if TYPE_CHECKING:
    from types import TracebackType

Outcome = Literal["ALLOWED", "EXPLICITLY_DENIED", "IMPLICITLY_DENIED"]
DeliveryOutcome = Literal["delivered", "filtered", "undeliverable"]

_START_SECONDS: Final = 30.0
_STOP_SECONDS: Final = 1.0
_LOG_LINES: Final = 15
_CONNECTIONS: Final = 32
_BASE32: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
# Run by path, isolated (-I), with this folder's parent put on the path for the launcher alone.
_PROGRAM: Final = "import sys; sys.path.insert(0, sys.argv.pop(1)); from launcher.server import main; main()"


@dataclass(frozen=True, slots=True)
class QueueState:
    """One queue's messages, counted.

    Parameters
    ----------
    name, arn
        The queue.
    visible, in_flight, delayed
        Messages to be received, received but not yet deleted, and not yet due.
    """

    name: str
    arn: str
    visible: int
    in_flight: int
    delayed: int


@dataclass(frozen=True, slots=True)
class EmulatorState:
    """What is under way, taken in one piece.

    Parameters
    ----------
    queues
        Sorted by ARN.
    running_invocations
        Invocations of functions, in all.
    running_by_function
        The same by the function's name.
    pending_deliveries
        Notifications and asynchronous deliveries that have not reached their target yet.
    """

    queues: tuple[QueueState, ...]
    running_invocations: int
    running_by_function: dict[str, int]
    pending_deliveries: int

    def queue(self, name_or_arn: str) -> QueueState:
        """Return one queue's counts, by its name, its ARN or its URL."""
        name = name_or_arn.rsplit(":", 1)[-1].rsplit("/", 1)[-1]
        return next(queue for queue in self.queues if queue.name == name)


@dataclass(frozen=True, slots=True)
class RawDecision:
    """One answer of the embedded AWS's policy engine.

    Parameters
    ----------
    time
        Seconds since the epoch.
    source
        "request", or "gate:<name>" where the embedded AWS acts for itself.
    request_id
        The request's id as its response carries it; "" for a gate.
    principal
        The caller's ARN (a function's: its role's session), or a service principal.
    action, resource
        What was asked.
    outcome
        As IAM names it.
    policy, sid
        Which kind of policy decided ("identity", "resource", "boundary"; "" when nothing allowed), and
        the deciding statement's Sid.
    message
        The refusal in the server's words; "" when allowed.
    """

    time: float
    source: str
    request_id: str
    principal: str
    action: str
    resource: str
    outcome: Outcome
    policy: str
    sid: str
    message: str

    @property
    def role(self) -> str | None:
        """Return the role's name when the caller is a session of one."""
        return self.principal.split("/")[1] if ":assumed-role/" in self.principal else None

    @property
    def session(self) -> str | None:
        """Return the session's name when the caller is a role's: for a function, its own name."""
        return self.principal.split("/")[2] if ":assumed-role/" in self.principal else None


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of one published message for one subscription.

    Parameters
    ----------
    time
        Seconds since the epoch.
    topic, endpoint, subscription
        ARNs; the endpoint is the subscribed queue.
    event_id
        The `id` of the message's JSON body, or "".
    outcome
        "filtered" by the subscription's filter policy, "undeliverable" when the queue refused it.
    """

    time: float
    topic: str
    endpoint: str
    subscription: str
    event_id: str
    outcome: DeliveryOutcome


class Emulator(Protocol):
    """An AWS-compatible endpoint that enforces IAM and tells what it did."""

    @property
    def endpoint(self) -> str:
        """Return the URL of its API."""
        ...

    @property
    def account(self) -> str:
        """Return the account's id."""
        ...

    @property
    def region(self) -> str:
        """Return the region."""
        ...

    def client(self, service: str) -> Any:
        """Return a boto3 client that calls as the deployer."""
        ...

    def state(self) -> EmulatorState:
        """Return what is under way."""
        ...

    def decisions(self) -> tuple[RawDecision, ...]:
        """Return every decision so far, in order."""
        ...

    def deliveries(self) -> tuple[Delivery, ...]:
        """Return what became of every published message so far, in order."""
        ...

    def stop(self) -> None:
        """End it, with all that it started."""
        ...


@dataclass(frozen=True, slots=True, repr=False)
class _Secrets:
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
    """

    def __init__(self, account: str, region: str, *, bare: bool) -> None:
        self.account = account
        self.region = region
        self.endpoint = ""
        self.bare = bare
        self._secrets = _Secrets()
        self._process: subprocess.Popen[bytes] | None = None
        self._home: Path | None = None
        self._groups: list[int] = []
        self._clients: dict[str, Any] = {}
        self._session: Any = None
        self._lock = threading.RLock()
        self._stopping = (
            threading.RLock()
        )  # apart: a reader that waits for a hung server must not hold up the end
        self._decisions: list[RawDecision] = []
        self._deliveries: list[Delivery] = []

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
        if self._process is None:
            raise LocalRunError("the embedded AWS is not running", "Emulator.pid", "start it first")
        return self._process.pid

    @property
    def home(self) -> Path:
        """Return the run's folder: the server's log, objects and functions' code."""
        if self._home is None:
            raise LocalRunError("the embedded AWS is not running", "Emulator.home", "start it first")
        return self._home

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
        """Start the server and wait until it says that it answers.

        Raises
        ------
        LocalRunError
            If the server ends, or says nothing in time; with the last lines of its log.
        """
        python = emulator_python()
        atexit.register(self.stop)
        try:
            self._home = Path(tempfile.mkdtemp(prefix="lakenb-aws-"))
            self._spawn(python)
            ready = self._ready()
        except BaseException:  # an interrupt too: nothing may stay behind
            self.stop()
            raise
        self.endpoint = f"http://127.0.0.1:{ready['port']}"
        if ready["workers"]:
            self._groups.append(ready["workers"])
        return self

    def _spawn(self, python: Path) -> None:
        home = self.home
        config = {
            "account": self.account, "region": self.region, "bare": self.bare, "home": str(home),
            "token": self.token, "access_key": self.access_key, "secret_key": self.secret_key,
        }  # fmt: skip
        with (home / "server.log").open("wb") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our launcher with fixed arguments
                [str(python), "-I", "-c", _PROGRAM, str(Path(__file__).parent)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                cwd=home,
                env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "TMPDIR": str(home)},
                start_new_session=True,
            )
        self._groups.append(self._process.pid)
        stdin = self._process.stdin
        if stdin is not None:
            with contextlib.suppress(BrokenPipeError):  # it has died: the missing answer will tell
                stdin.write(json.dumps(config).encode() + b"\n")
                stdin.flush()

    def _ready(self) -> dict[str, Any]:
        """Wait for the server's one line."""
        process = self._process
        if process is None or process.stdout is None:
            raise LocalRunError("the embedded AWS did not start", "its process", "try again")
        line = b""
        deadline = time.monotonic() + _START_SECONDS
        with selectors.DefaultSelector() as selector:
            selector.register(process.stdout, selectors.EVENT_READ)
            while not line.endswith(b"\n"):
                if not selector.select(max(deadline - time.monotonic(), 0)):
                    raise self._failure(
                        f"the embedded AWS did not answer within {_START_SECONDS:.0f} seconds"
                    )
                part = os.read(process.stdout.fileno(), 4096)
                if not part:
                    raise self._failure("the embedded AWS ended while it started")
                line += part
        ready: dict[str, Any] = json.loads(line)
        if "error" in ready:
            raise self._failure(ready["error"])
        return ready

    def _failure(self, what: str) -> LocalRunError:
        tail = ""
        with contextlib.suppress(OSError):
            lines = (self.home / "server.log").read_text(encoding="utf-8", errors="replace").splitlines()
            tail = "\n    ".join(lines[-_LOG_LINES:])
        mend = "report it with the last lines of the server's log:\n    " + (tail or "(the log is empty)")
        return LocalRunError(what, "the server of the local run", mend)

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
        return self._session.client(service, endpoint_url=self.endpoint, config=config)

    def _new_session(self) -> Any:
        """Return a boto3 session that knows nothing of the user's profiles, keys and endpoints."""
        import boto3  # noqa: PLC0415 - as above
        import botocore.session  # noqa: PLC0415 - as above

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
        host = self.endpoint.removeprefix("http://")
        connection = http.client.HTTPConnection(host, timeout=30)
        try:
            connection.request("GET", path, headers={"X-Lakenb-Token": self.token})
            response = connection.getresponse()
            body = response.read()
        except OSError as error:
            raise self._failure("the embedded AWS does not answer any more") from error
        finally:
            connection.close()
        if response.status != http.HTTPStatus.OK:
            raise self._failure(f"the embedded AWS refused {path} ({response.status})")
        return json.loads(body)

    def state(self) -> EmulatorState:
        """Return what is under way, taken in one piece."""
        found = self.control("/_lakenb/state")
        queues = tuple(QueueState(**queue) for queue in found["queues"])
        return EmulatorState(
            queues, found["running_invocations"], found["running_by_function"], found["pending_deliveries"]
        )

    def decisions(self) -> tuple[RawDecision, ...]:
        """Return every decision so far, in order; only new ones are fetched."""
        with self._lock:
            self._decisions.extend(
                RawDecision(*row) for row in self._new_rows("decisions", len(self._decisions))
            )
            return tuple(self._decisions)

    def deliveries(self) -> tuple[Delivery, ...]:
        """Return what became of every published message so far, in order; only new ones are fetched."""
        with self._lock:
            self._deliveries.extend(
                Delivery(*row) for row in self._new_rows("deliveries", len(self._deliveries))
            )
            return tuple(self._deliveries)

    def _new_rows(self, what: str, since: int) -> list[list[Any]]:
        rows: list[list[Any]] = []
        total = None
        while total is None or since < total:
            page = self.control(f"/_lakenb/{what}?since={since}")
            rows.extend(page["entries"])
            since, total = page["next"], page["total"]
        return rows

    def stop(self) -> None:
        """End the server, every function's process and the run's folder; again is fine."""
        with self._stopping:
            process, home = self._process, self._home
            try:
                if process is not None:
                    self._end(process)
            finally:
                for group in self._groups:
                    with contextlib.suppress(ProcessLookupError, PermissionError):
                        os.killpg(group, signal.SIGKILL)
                if process is not None:
                    process.wait()
                    for pipe in (process.stdin, process.stdout):
                        if pipe is not None:
                            with contextlib.suppress(OSError):
                                pipe.close()
                if home is not None:
                    shutil.rmtree(home, ignore_errors=True)
            self._process, self._home, self._groups = None, None, []
            for client in self._clients.values():
                client.close()
            self._clients, self._session, self.endpoint = {}, None, ""
            atexit.unregister(self.stop)

    @staticmethod
    def _end(process: subprocess.Popen[bytes]) -> None:
        """Let the server end by itself: the end of its input is its order to do so."""
        if process.stdin is not None:
            with contextlib.suppress(OSError):
                process.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=_STOP_SECONDS)


def start_emulator(
    *, account: str = "111122223333", region: str = "us-east-1", bare: bool = False
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

    Returns
    -------
    LocalEmulator
        A context manager that stops it.

    Raises
    ------
    EnvironmentSetupError
        If what it needs cannot be installed.
    LocalRunError
        If it does not start.
    """
    if sys.platform == "win32":
        raise LocalRunError("the embedded AWS runs on Linux and macOS only", "start_emulator", "use WSL")
    return LocalEmulator(account, region, bare=bare).start()
