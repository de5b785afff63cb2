"""The reducer as a user writes it: one reason for a composite to be whole, and what each of them brings."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

import lakenb as lk
from lakenb.graph.services import Service

WANTED = ["text/plain", "image/png"]
ONE_OF = "give one of window=timedelta(minutes=5), count=12, or until=lambda event, events: ..."
MENDED = "give window=timedelta(minutes=5), count=12, or until=lambda event, events: ..."


def has_all(event: Any, events: Any) -> bool:
    found = {one.data.document.type for one in (event, *events)}
    return found >= set(WANTED)


def takes_one(event):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201 - as cells write it
    return event is not None


def faults(**options: Any) -> list[tuple[str, str]]:
    """Return what is wrong with a reducer's options, and how to mend it."""
    with pytest.raises((lk.OptionError, lk.TravelError)) as refused:
        lk.Reducer("group", **options)
    return [(fault.what, fault.mend) for fault in refused.value.faults]


def test_each_reason_travels_as_an_option_of_its_own() -> None:
    assert lk.Reducer(window=timedelta(minutes=5)).own_options() == {"window_seconds": 300}
    assert lk.Reducer(count=12).own_options() == {"count": 12}
    assert lk.Reducer(until=has_all).own_options() == {"until": True}


def test_the_predicate_travels_with_what_it_reads() -> None:
    ((path, text),) = lk.Reducer(until=has_all).code().sources
    assert path == "lakenb_user.py"
    assert json.dumps(WANTED)[1:-1].replace('"', "'") in text.replace('"', "'")
    assert lk.Reducer(count=2).code().sources == ()


def test_a_cell_that_runs_twice_makes_the_same_step() -> None:
    def again() -> lk.Step:
        return lk.Reducer("group", until=lambda event, events: len(events) > 2)  # noqa: ARG005 - the form

    assert again() == again()
    assert again() != lk.Reducer("group", until=has_all)
    assert lk.Reducer(count=2) != lk.Reducer(count=3)


def test_only_a_window_needs_schedules_and_holds_events() -> None:
    window = lk.Reducer(window=timedelta(hours=2))
    assert window.services() == (Service.TABLE, Service.SCHEDULES)
    assert window.holds() == timedelta(hours=2)
    for step in (lk.Reducer(count=2), lk.Reducer(until=has_all)):
        assert step.services() == (Service.TABLE,)
        assert step.holds() == timedelta(0)


def test_it_prints_as_the_call_that_makes_it() -> None:
    assert repr(lk.Reducer("group", count=12)) == "Reducer('group', count=12)"
    assert repr(lk.Reducer(until=has_all, memory_mib=1024)) == "Reducer(memory_mib=1024, until=has_all)"
    window = repr(lk.Reducer(window=timedelta(minutes=5)))
    assert window == "Reducer(window=datetime.timedelta(seconds=300))"


@pytest.mark.parametrize(
    ("options", "found"),
    [
        ({}, [("nothing says when a composite is whole", MENDED)]),
        (
            {"count": 2, "window": timedelta(minutes=1)},
            [
                (
                    "window and count are given; a composite is whole for one reason",
                    MENDED.replace("give", "give one of"),
                )
            ],
        ),
        (
            {"count": 1},
            [
                (
                    "count is 1: a composite of one event says what the event says",
                    "leave the reducer out, or gather two at least",
                )
            ],
        ),
        ({"count": 0}, [("count is 0; 2 to 10000 are possible", "set count to a number from 2 to 10000")]),
        ({"count": -3}, [("count is -3; 2 to 10000 are possible", "set count to a number from 2 to 10000")]),
        (
            {"count": 10_001},
            [("count is 10001; 2 to 10000 are possible", "set count to a number from 2 to 10000")],
        ),
        ({"count": True}, [("count is True, but it must be a whole number", "give count a whole number")]),
        ({"count": "12"}, [("count is '12', but it must be a whole number", "give count a whole number")]),
        (
            {"window": timedelta(seconds=59)},
            [
                (
                    "window is 0:00:59; a minute to 7 days are possible, in whole seconds",
                    "such as window=timedelta(minutes=5)",
                )
            ],
        ),
        (
            {"window": 300},
            [
                (
                    "window is 300, but it must be a timedelta, such as timedelta(minutes=5)",
                    "give window a timedelta, such as timedelta(minutes=5)",
                )
            ],
        ),
        (
            {"until": "always"},
            [
                (
                    "until is 'always', but it must be a function, such as lambda event, events: ...",
                    "give until a function, such as lambda event, events: ...",
                )
            ],
        ),
    ],
)
def test_what_is_wrong_is_told_with_its_mend(options: dict[str, Any], found: list[tuple[str, str]]) -> None:
    assert faults(**options) == found


@pytest.mark.parametrize(
    "window", [timedelta(0), timedelta(minutes=-1), timedelta(days=7, seconds=1), timedelta(seconds=60.5)]
)
def test_a_window_is_a_minute_to_a_week_in_whole_seconds(window: timedelta) -> None:
    ((what, _),) = faults(window=window)
    assert what.endswith("a minute to 7 days are possible, in whole seconds")


def test_all_that_is_wrong_is_told_at_once() -> None:
    found = faults(count=0, window=timedelta(0), until=takes_one, memory_mib=1, tiem=3)
    whats = " / ".join(what for what, _ in found)
    for said in (
        "count is 0",
        "window is 0:00:00",
        "takes (event)",
        "memory_mib",
        "'tiem'",
        "are given",
    ):
        assert said in whats


def test_a_predicate_that_takes_other_arguments_is_refused() -> None:
    ((what, mend),) = faults(until=takes_one)
    assert what == "'takes_one' is called with 2 arguments, and takes (event): too many positional arguments"
    assert mend == "let it take 2 arguments, with defaults for any more"


def test_a_composites_consumers_must_take_composites() -> None:
    group = lk.S3Trigger("inbox").pipe(lk.Reducer("group", count=2))
    with pytest.raises(lk.IncompatibleEdgeError, match="sends application/cloudevents"):
        group.pipe(lk.RecursiveCharacterTextSplitter())
