"""Checks of the options that say when a schedule fires.

Source: Amazon EventBridge Scheduler User Guide, "Schedule types in EventBridge Scheduler".
"""

from __future__ import annotations

import difflib
import re
from datetime import datetime, timedelta
from functools import cache
from zoneinfo import available_timezones

from lakenb.errors import Fault
from lakenb.graph.options import shown, wrong_type

_EXAMPLES = "'rate(1 day)', 'cron(0 9 ? * MON-FRI *)' or 'at(2026-12-31T18:00:00)'"
_FORM = re.compile(r"(rate|cron|at)\((.*)\)", re.DOTALL)
_RATE = re.compile(r"([0-9]{1,9}) (minute|hour|day)(s?)")
_AT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}")
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
# name, least, most, names that count from the least on
_FIELDS: tuple[tuple[str, int, int, tuple[str, ...]], ...] = (
    ("minutes", 0, 59, ()),
    ("hours", 0, 23, ()),
    ("day of month", 1, 31, ()),
    ("month", 1, 12, _MONTHS),
    ("day of week", 1, 7, _DAYS),
    ("year", 1970, 2199, ()),
)
_DAY_OF_MONTH, _DAY_OF_WEEK = 2, 4
_SPECIAL_DAY = re.compile(r"L|L-[0-9]{1,2}|LW|[0-9]{1,2}W")  # the last day, the nearest weekday
_SPECIAL_WEEKDAY = re.compile(r"L|([A-Z]{3}|[0-9])L|([A-Z]{3}|[0-9])#[1-5]")  # the last one, the n-th one
_WINDOW = timedelta(minutes=1440)


def schedule_faults(schedule: object, where: str) -> list[Fault]:
    """Return what is wrong with a schedule's expression.

    Examples
    --------
    >>> schedule_faults("rate(1 day)", "node 'daily'")
    []
    """
    if schedule is None or schedule == "":
        return [Fault("schedule is missing: nothing would ever fire", where, f"such as {_EXAMPLES}")]
    if not isinstance(schedule, str):
        return [wrong_type("schedule", schedule, f"a text such as {_EXAMPLES}", where)]
    form = _FORM.fullmatch(schedule)
    if form is None:
        return [Fault(f"schedule {shown(schedule)} is no schedule", where, f"write it like {_EXAMPLES}")]
    wrong = {"rate": _rate, "cron": _cron, "at": _at}[form[1]](form[2])
    return [] if wrong is None else [Fault(f"schedule {shown(schedule)} {wrong[0]}", where, wrong[1])]


def timezone_faults(timezone: object, where: str) -> list[Fault]:
    """Return what is wrong with the name of a time zone."""
    if not isinstance(timezone, str):
        return [wrong_type("timezone", timezone, "a text such as 'Europe/Berlin'", where)]
    known = _timezones()
    if timezone in known or (not known and timezone):
        return []
    near = difflib.get_close_matches(timezone, known, n=1)
    mend = f"did you mean {near[0]!r}?" if near else "write a name such as 'Europe/Berlin', or leave it out"
    return [Fault(f"timezone {shown(timezone)} is no time zone", where, mend)]


def window_faults(window: object, where: str) -> list[Fault]:
    """Return what is wrong with the time within which a schedule may fire."""
    if not isinstance(window, timedelta):
        return [wrong_type("flexible_window", window, "a timedelta", where)]
    if window % timedelta(minutes=1) or not timedelta(0) <= window <= _WINDOW:
        what = f"flexible_window is {shown(window)}; a schedule takes whole minutes, up to a day"
        return [Fault(what, where, "such as timedelta(minutes=15), or leave it out")]
    return []


@cache
def _timezones() -> frozenset[str]:
    """Return the names that this machine knows; none where it has no table of them."""
    return frozenset(available_timezones())


def _rate(inner: str) -> tuple[str, str] | None:
    found = _RATE.fullmatch(inner)
    if found is None:
        return "has no rate of minutes, hours or days", "write it like rate(5 minutes) or rate(1 day)"
    count, unit = int(found[1]), found[2]
    if count == 0:
        return "would never fire", f"write rate(1 {unit})"
    if (count == 1) is (found[3] == "s"):  # as AWS writes it
        right = f"rate({count} {unit}{'' if count == 1 else 's'})"
        return "mixes one and many", f"write {right}"
    return None


def _at(inner: str) -> tuple[str, str] | None:
    try:
        is_time = _AT.fullmatch(inner) is not None and datetime.fromisoformat(inner) is not None
    except ValueError:
        is_time = False
    if is_time:
        return None
    return (
        "names no time of the calendar",
        "write it like at(2026-12-31T18:00:00), without a zone: see timezone",
    )


def _cron(inner: str) -> tuple[str, str] | None:
    fields = inner.split()
    names = ", ".join(name for name, *_ in _FIELDS)
    if len(fields) != len(_FIELDS):
        return f"has {len(fields)} fields, not six", f"write all six: {names}"
    marks = (fields[_DAY_OF_MONTH] == "?", fields[_DAY_OF_WEEK] == "?")
    if sum(marks) != 1:
        return "must have '?' for the day of month or the day of week, for one of them", (
            "write it like cron(0 9 * * ? *) or cron(0 9 ? * MON-FRI *)"
        )
    for index, (text, (name, least, most, words)) in enumerate(zip(fields, _FIELDS, strict=True)):
        if text == "?" and index in {_DAY_OF_MONTH, _DAY_OF_WEEK}:
            continue
        if not all(_is_part(part, index, least, most, words) for part in text.split(",")):
            mend = f"write numbers of {least} to {most}, such as {least}-{most}"
            return f"has {shown(text)} for the {name}", mend
    return None


def _is_part(part: str, index: int, least: int, most: int, words: tuple[str, ...]) -> bool:
    """Return whether a text is one part of a field: ``*``, a value, a range, or one of these with a step."""
    special = {_DAY_OF_MONTH: _SPECIAL_DAY, _DAY_OF_WEEK: _SPECIAL_WEEKDAY}.get(index)
    if special is not None and special.fullmatch(part):
        return True
    span, slash, step = part.partition("/")
    if slash and not (step.isdecimal() and 0 < int(step) <= most):
        return False
    if span == "*":
        return True
    ends = [_value(end, least, words) for end in span.split("-")]
    if len(ends) > 2 or any(end is None or not least <= end <= most for end in ends):  # noqa: PLR2004 - a range's two ends
        return False
    return len(ends) == 1 or (ends[0] or 0) <= (ends[1] or 0) or bool(words)


def _value(text: str, least: int, words: tuple[str, ...]) -> int | None:
    if text.upper() in words:
        return least + words.index(text.upper())
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 4 else None  # noqa: PLR2004 - a year's digits
