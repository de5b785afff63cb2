"""Work in a child: what it yields comes back, and whatever happens to it has a verdict."""

from __future__ import annotations

import os
import signal
import tempfile
import time
from typing import IO, TYPE_CHECKING, Any

import psutil
import pytest

from lakenb.runtime.confined import Bounds, confined
from lakenb.runtime.faults import FaultError, RetryError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lakenb.runtime.confined import Piece

BOUNDS = Bounds(memory_mib=200, seconds=30)


def work(file: IO[bytes], options: Mapping[str, Any]) -> Iterator[Piece]:
    match options["do"]:
        case "echo":
            os.write(1, b"noise that a library makes\n")
            yield {"length": 3, "secret": os.environ.get("AWS_SECRET_ACCESS_KEY")}, file.read()
        case "allocate":
            yield {"length": len(bytearray(2**30))}, b""
        case "sleep":
            yield {}, b"first"
            time.sleep(60)
        case "fault":
            raise FaultError("Malformed", "it is damaged in the middle")
        case "error":
            raise ZeroDivisionError("with content")
        case "exit":
            os._exit(3)
        case name:
            os.kill(os.getpid(), signal.Signals[name])
            time.sleep(60)


def run(do: str, content: bytes = b"abc", bounds: Bounds = BOUNDS) -> list[Piece]:
    with tempfile.TemporaryFile() as file:
        file.write(content)
        return list(confined(work, file, {"do": do}, bounds))


def test_pieces_come_back_whole_whatever_is_printed_between_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "visible here")
    content = bytes(range(256)) * 4096
    assert run("echo", content) == [({"length": 3, "secret": None}, content)]


@pytest.mark.parametrize(
    ("do", "kind", "reason"),
    [
        ("fault", "Malformed", "it is damaged in the middle"),
        ("allocate", "TooLarge", "more than 200 MiB: raise memory_mib, if it can be trusted"),
        ("SIGABRT", "TooLarge", "more than 200 MiB: raise memory_mib, if it can be trusted"),
        ("SIGKILL", "TooLarge", "more than 200 MiB: raise memory_mib, if it can be trusted"),
        ("SIGSEGV", "Malformed", "makes the library that reads it crash (SIGSEGV)"),
    ],
)
def test_a_child_that_dies_of_its_document_is_a_fault(do: str, kind: str, reason: str) -> None:
    with pytest.raises(FaultError) as caught:
        run(do)
    assert caught.value.kind == kind
    assert reason in caught.value.reason


@pytest.mark.parametrize(("do", "reason"), [("error", "ZeroDivisionError"), ("exit", "status 3")])
def test_an_error_nobody_foresaw_is_tried_again_and_quotes_nothing(do: str, reason: str) -> None:
    with pytest.raises(RetryError) as caught:
        run(do)
    assert reason in caught.value.reason
    assert "with content" not in str(caught.value)


def test_a_child_that_takes_too_long_is_ended() -> None:
    with pytest.raises(
        FaultError, match=r"took more than 1\.5 seconds: give the node a longer timeout"
    ) as caught:
        run("sleep", bounds=Bounds(200, 1.5))
    assert caught.value.kind == "OutOfTime"


def test_a_caller_that_stops_early_leaves_no_child_behind() -> None:
    began = time.monotonic()
    before = {child.pid for child in psutil.Process().children()}
    with tempfile.TemporaryFile() as file:
        pieces = confined(work, file, {"do": "sleep"}, BOUNDS)
        assert next(pieces) == ({}, b"first")
        del pieces
    assert {child.pid for child in psutil.Process().children()} == before
    assert time.monotonic() - began < BOUNDS.seconds
