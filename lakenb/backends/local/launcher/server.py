"""Start the emulator on a free port of 127.0.0.1, say which, and end when the parent does.

One JSON line on standard input configures the run and carries its secrets; one JSON
line on standard output says the port. Standard input then stays open: its end is the
parent's end, and ours.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import resource
import select
import shutil
import signal
import socket
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn

from . import border

if TYPE_CHECKING:
    from collections.abc import Callable

_BACKLOG: Final = 512
_REMOVALS: Final = 5
_READ: Final = 4096
_LOOK_EVERY: Final = 0.5  # seconds
# What a pipeline's template or a function may use. Services with doors of their own (browser log-in, public
# APIs, virtual hosts) stay out.
SERVICES: Final = (
    "batch", "bedrock", "bedrock-runtime", "cloudformation", "cloudtrail", "dynamodb", "dynamodbstreams",
    "ec2", "ecr", "ecs", "elasticfilesystem", "events", "firehose", "iam", "kinesis", "kms", "lambda", "logs",
    "monitoring", "opensearch", "opensearchserverless", "pipes", "s3", "scheduler", "secretsmanager", "sns",
    "sqs", "ssm", "states", "sts", "tagging", "transcribe", "translate",
)  # fmt: skip


def main() -> None:
    """Run until standard input ends or SIGTERM comes."""
    config = json.loads(sys.stdin.readline())
    announce = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what the emulator prints goes to the log, never between our lines
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.bind(("127.0.0.1", 0))
    listener.listen(_BACKLOG)
    port = listener.getsockname()[1]
    os.environ.update(_environment(config, port))
    try:
        serve(config, listener, port, announce)
    except border.BorderError as error:
        announce.write(json.dumps({"error": str(error)}) + "\n")
        announce.flush()
        raise SystemExit(1) from error


def _environment(config: dict[str, Any], port: int) -> dict[str, str]:
    """Return the emulator's own settings; it reads them when it is imported."""
    home = config["home"]
    settings = {
        "AUTH": "true", "BIND_HOST": "127.0.0.1", "GATEWAY_PORT": str(port), "MINISTACK_HOST": "127.0.0.1",
        "MINISTACK_ACCOUNT_ID": config["account"], "MINISTACK_REGION": config["region"],
        "AWS_DEFAULT_REGION": config["region"], "IOT_MTLS_ENABLED": "0", "SFTP_ENABLED": "0",
        "PERSIST_STATE": "0", "S3_PERSIST": "0", "STATE_DIR": f"{home}/state",
        "S3_DATA_DIR": f"{home}/objects", "TMPDIR": str(Path(home, "tmp")), "LAMBDA_EXECUTOR": "local",
        "LOG_LEVEL": config.get("log_level", "WARNING"),
        # No container of this machine is ours to touch.
        "DOCKER_HOST": f"unix://{home}/no-docker.sock",
    }  # fmt: skip
    if config["certificate"]:  # for the addresses that the emulator itself gives
        settings |= {"USE_SSL": "1", "MINISTACK_SSL_CERT": config["certificate"],
                     "MINISTACK_SSL_KEY": config["key"]}  # fmt: skip
    if not config["bare"]:
        settings["SERVICES"] = ",".join(SERVICES)
    return settings


def serve(config: dict[str, Any], listener: socket.socket, port: int, announce: Any) -> None:
    """Patch the emulator and serve it on the bound socket."""
    Path(config["home"], "tmp").mkdir(exist_ok=True)
    border.check()
    from . import doors, installation, transport, workers  # noqa: PLC0415 - the emulator reads its settings on import

    ending = Ending(Path(config["home"]), config["parent"], workers)
    installation.install(config, port)

    def on_ready() -> None:
        announce.write(json.dumps({"port": port, "pid": os.getpid(), "workers": workers.group()}) + "\n")
        announce.flush()

    door = doors.Door(port, config["token"], on_ready, bare=config["bare"])
    signal.signal(signal.SIGTERM, lambda *_: ending.now())
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # an interrupted cell is the parent's to handle
    threading.Thread(target=ending.with_parent, daemon=True).start()
    hypercorn, settings = border.module("hypercorn.asyncio"), border.module("hypercorn.config").Config()
    settings.bind = [f"fd://{listener.detach()}"]
    settings.keep_alive_timeout = 75
    settings.loglevel = "WARNING"
    if config["certificate"]:  # the server itself asks for TLS 1.2 at least
        settings.certfile, settings.keyfile = config["certificate"], config["key"]
        settings.alpn_protocols = ["http/1.1"]

    _watch_connections(transport.note)
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(ValueError, OSError):  # macOS allows less than it says
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))  # a function's process takes four

    async def run() -> None:
        # Hypercorn would take the signals over; nothing sets this event.
        await hypercorn.serve(door, settings, shutdown_trigger=asyncio.Event().wait)

    asyncio.run(run())


def _watch_connections(note: Callable[[Any], None]) -> None:
    """Note how each connection came, and close it when its client does.

    The server's own way is to wait for the keep-alive's end. A client that makes many connections would
    have us hold each for a minute, up to the limit of open files.
    """
    connection = border.module("hypercorn.asyncio.tcp_server").TCPServer
    reading = connection._read_data  # noqa: SLF001 - hypercorn's, pinned with the emulator

    async def read(self: Any) -> None:
        note(self.writer)  # in the connection's own task: its requests inherit it
        await reading(self)
        await self.idle_task.stop()

    connection._read_data = read  # noqa: SLF001 - as the one above


class Ending:
    """How the launcher ends: functions first, then the run's folder, then itself.

    Parameters
    ----------
    home
        The run's folder, removed at the end.
    parent
        The parent's process id.
    workers
        The module that knows the functions' processes.
    """

    def __init__(self, home: Path, parent: int, workers: Any) -> None:
        self._home = home
        self._parent = parent
        self._workers = workers
        self._once = threading.Lock()

    def with_parent(self) -> None:
        """Wait until the parent closes our standard input, or dies, and end.

        A process that the parent forked may hold the pipe open after it: so the parent is looked for, too.
        """
        while os.getppid() == self._parent:
            if select.select([0], [], [], _LOOK_EVERY)[0] and not os.read(0, _READ):
                break
        self.now()

    def now(self) -> NoReturn:
        """End at once, with every process of ours, and leave no file."""
        if self._once.acquire(blocking=False):
            self._workers.kill_all()
            for _ in range(_REMOVALS):  # our own threads may still write into it
                shutil.rmtree(self._home, ignore_errors=True)
                if not self._home.exists():
                    break
        os.kill(os.getpid(), signal.SIGKILL)
        raise SystemExit(1)
