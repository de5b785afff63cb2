"""Let a deployed function try calls with its role's own credentials, and bring back the server's answers."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import dataclass, field
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from lakenb.errors import LocalRunError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from lakenb.backends.local.seam import Emulator

# The function's handler setting stays as deployed, so the probe stands in for that module.
_MODULE = "lakenb/runtime/function.py"
_PACKAGES = ("lakenb/__init__.py", "lakenb/runtime/__init__.py")


@dataclass(frozen=True, slots=True)
class Call:
    """One call to try.

    Parameters
    ----------
    service, operation
        As boto3 names them, such as ``"s3"`` and ``"put_object"``.
    parameters
        The call's parameters; JSON values.
    """

    service: str
    operation: str
    parameters: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server answered.

    Parameters
    ----------
    call
        What was tried.
    allowed
        Whether the server carried it out.
    status
        The HTTP status.
    code, message
        The server's error code and its own words; empty when it was allowed.
    """

    call: Call
    allowed: bool
    status: int
    code: str
    message: str


def probe(
    emulator: Emulator, function: str, deployed_code: Mapping[str, str], calls: Iterable[Call]
) -> tuple[Answer, ...]:
    """Put the probe into a deployed function, invoke it, and put the function's own code back.

    Parameters
    ----------
    emulator
        The embedded AWS.
    function
        The function's name. Its role and configuration stay.
    deployed_code
        Bucket and key of the function's own zip.
    calls
        What to try, in order.

    Raises
    ------
    LocalRunError
        If the function itself fails.
    """
    tried = tuple(calls)
    payload = [
        {"service": call.service, "operation": call.operation, "parameters": dict(call.parameters)}
        for call in tried
    ]
    client = emulator.client("lambda")
    client.update_function_code(FunctionName=function, ZipFile=_probe_zip())
    try:
        answer = client.invoke(FunctionName=function, Payload=json.dumps({"probe": payload}).encode())
    finally:
        client.update_function_code(FunctionName=function, **deployed_code)
    body = json.loads(answer["Payload"].read())
    if "FunctionError" in answer or not isinstance(body, list):
        raise LocalRunError(f"the probe failed: {body}", f"function {function!r}", "look at its parameters")
    return tuple(Answer(call, **one) for call, one in zip(tried, body, strict=True))


def _probe_zip() -> bytes:
    source = files("lakenb.backends.local").joinpath("probe_function.py").read_bytes()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in _PACKAGES:
            archive.writestr(name, b"")
        archive.writestr(_MODULE, source)
    return buffer.getvalue()
