"""boto3 clients that live as long as the function does, and the count of what they called."""

from __future__ import annotations

from collections import Counter
from threading import Lock
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

_CONNECT_SECONDS = 5
_READ_SECONDS = 30
_ATTEMPTS = 4


def default_client(service: str) -> Any:
    """Return a boto3 client with the function's own credentials and region."""
    import boto3  # noqa: PLC0415 - importing it takes longer than all of the runtime; a test may inject its own
    from botocore.config import Config  # noqa: PLC0415 - as the one above

    config = Config(
        connect_timeout=_CONNECT_SECONDS,
        read_timeout=_READ_SECONDS,
        retries={"mode": "standard", "total_max_attempts": _ATTEMPTS},
    )
    connect: Any = boto3.client  # its stubs know each service by a literal name
    return connect(service, config=config)


class Clients:
    """Makes each client once, when it is first needed, and counts its calls.

    Parameters
    ----------
    make
        Returns a client of a service.
    """

    def __init__(self, make: Callable[[str], Any] = default_client) -> None:
        self._make = make
        self._made: dict[str, Any] = {}
        self._calls: Counter[str] = Counter()
        self._lock = Lock()

    @property
    def s3(self) -> Any:
        """The client of S3."""
        return self._client("s3")

    @property
    def sns(self) -> Any:
        """The client of SNS."""
        return self._client("sns")

    @property
    def sqs(self) -> Any:
        """The client of SQS."""
        return self._client("sqs")

    @property
    def dynamodb(self) -> Any:
        """The client of DynamoDB."""
        return self._client("dynamodb")

    @property
    def scheduler(self) -> Any:
        """The client of EventBridge Scheduler."""
        return self._client("scheduler")

    @property
    def states(self) -> Any:
        """The client of Step Functions."""
        return self._client("stepfunctions")

    def take_calls(self) -> Counter[str]:
        """Return the calls since the last time, such as ``s3:GetObject``, and begin anew."""
        with self._lock:
            calls, self._calls = self._calls, Counter()
        return calls

    def _client(self, service: str) -> Any:
        with self._lock:
            if service not in self._made:
                client = self._make(service)
                client.meta.events.register("before-call", self._count)
                self._made[service] = client
            return self._made[service]

    def _count(self, model: Any, **_: Any) -> None:
        with self._lock:
            self._calls[f"{model.service_model.service_name}:{model.name}"] += 1
