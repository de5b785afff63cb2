"""What is read from a function's log, line by line."""

from __future__ import annotations

import json
from typing import Any

from lakenb.backends.local.function_log import FunctionLog

START, END = "START RequestId: 1 Version: $LATEST", "END RequestId: 1"
CRASHED = ("Crashed", "the function ended while it worked on this document")
DRAGGED = ("Crashed", "the function ended while it worked on another document of the same batch")
TIMED_OUT = "2026-01-01T00:00:00Z 1 Task timed out after 2.00 seconds"


def line(what: str, event: str, **fields: Any) -> str:
    return json.dumps({"lakenb": what, "eventId": event, **fields})


def done(event: str, *outputs: str) -> str:
    return line("done", event, outputs=list(outputs))


def read(*lines: str) -> FunctionLog:
    log = FunctionLog()
    log.read_stream(lines)
    return log


def test_document_is_finished_with_all_of_its_outputs_in_order() -> None:
    log = read(
        START,
        line("start", "a"),
        line("start", "b"),
        line("outputs", "a", outputs=[1, 2]),
        line("outputs", "a", outputs=[3]),
        done("a", "4"),
        done("b"),
        END,
    )
    assert log.finished["a"]["outputs"] == [1, 2, 3, "4"]
    assert log.finished["b"]["outputs"] == []
    assert log.excuses == {}


def test_outputs_of_an_attempt_that_broke_off_do_not_count_for_the_next() -> None:
    broken = (START, line("start", "a"), line("outputs", "a", outputs=[1]), END)
    log = read(*broken, START, line("start", "a"), line("outputs", "a", outputs=[1]), done("a", "2"), END)
    assert log.finished["a"]["outputs"] == [1, "2"]


def test_invocation_that_ends_in_the_middle_names_its_document_and_those_it_took_along() -> None:
    log = read(START, line("start", "a"), line("start", "b"), "Segmentation fault", END)
    assert log.excuses == {"a": DRAGGED, "b": CRASHED}


def test_time_out_is_the_reason_whether_told_before_the_end_or_after_it() -> None:
    timed_out = ("TimedOut", "Task timed out after 2.00 seconds")
    begun = (START, line("start", "a"), line("start", "b"))
    for lines in ((*begun, TIMED_OUT, END), (*begun, END, TIMED_OUT)):
        assert read(*lines).excuses == {"a": DRAGGED, "b": timed_out}


def test_latest_attempt_is_the_reason() -> None:
    retry = (START, line("start", "a"), line("retry", "a", kind="Throttled", reason="too much"), END)
    crash = (START, line("start", "a"), END)
    assert read(*retry, *crash).excuses == {"a": CRASHED}
    assert read(*crash, *retry).excuses == {"a": ("Throttled", "too much")}


def test_lines_of_others_are_no_records() -> None:
    log = read(START, '{"lakenb":', '{"lakenb":"done"', "[1]", '{"other":1}', line("skipped", ""), "", END)
    assert (log.finished, log.excuses) == ({}, {})
