"""The launcher's parts that need no server: matching, and the log of records."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import lakenb.backends.local.launcher
from lakenb.backends.local.launcher import patterns, ungated
from lakenb.backends.local.launcher.records import Decision, Log, Records


def values(name: str) -> str | None:
    return {"aws:PrincipalAccount": "1111", "star": "*"}.get(name)


@pytest.mark.parametrize(
    ("pattern", "value", "matched"),
    [
        ("*", "", True),
        ("a*", "a", True),
        ("a*c", "a/b\nc", True),
        ("a?c", "a\nc", True),
        ("a?c", "ac", False),
        ("a", "a\n", False),
        ("a.c", "abc", False),
        ("[a]", "a", False),
        ("A", "a", False),
        ("${*}", "*", True),
        ("${*}", "x", False),
        ("${?}", "?", True),
        ("${$}", "$", True),
        ("${aws:PrincipalAccount}/*", "1111/k", True),
        ("${star}", "*", True),
        ("${star}", "x", False),  # a value's own wildcard is a character
        ("${none, 'given'}", "given", True),
    ],
)
def test_pattern_matches_as_iam_documents_it(pattern: str, value: str, matched: bool) -> None:
    assert patterns.matches(value, pattern, values) is matched


def test_old_version_takes_the_braces_as_text() -> None:
    assert patterns.matches("${star}", "${star}", None)
    assert not patterns.matches("*", "${star}", None)


def test_variable_without_value_or_default_is_unresolved() -> None:
    with pytest.raises(patterns.UnresolvedVariableError):
        patterns.matches("x", "${none}*", values)


@pytest.mark.parametrize(
    ("pattern", "value", "matched"),
    [
        ("arn:aws:sns:*:1111:t", "arn:aws:sns:us-east-1:1111:t", True),
        ("arn:aws:sns:*:t", "arn:aws:sns:us-east-1:1111:t", False),  # a wildcard stays in its field
        ("arn:aws:s3:::b/*", "arn:aws:s3:::b/a:b", True),
        ("*", "arn:aws:s3:::b", True),
    ],
)
def test_arn_matches_field_by_field(pattern: str, value: str, matched: bool) -> None:
    assert patterns.matches_arn(value, pattern, values) is matched


def test_log_keeps_the_newest_and_says_what_it_dropped() -> None:
    log = Log(kept=10, dropped_at_once=4)
    for number in range(25):
        log.add((number,))
    read = log.page(0, 100)
    assert [entry[0] for entry in read["entries"]] == list(range(read["dropped"], 25))
    assert len(read["entries"]) <= 10
    assert (read["next"], read["total"]) == (25, 25)
    assert log.page(24, 100)["entries"] == [(24,)]
    assert log.page(25, 100) == {"next": 25, "dropped": read["dropped"], "total": 25, "entries": []}


def test_pages_follow_each_other() -> None:
    log = Log()
    for number in range(5):
        log.add((number,))
    first = log.page(0, 2)
    second = log.page(first["next"], 2)
    assert [entry[0] for entry in (*first["entries"], *second["entries"])] == [0, 1, 2, 3]


def test_gate_that_says_the_same_again_is_recorded_once() -> None:
    records = Records()
    allowed = Decision("p", "a", "r", "ALLOWED", "identity", "Sid", "")
    denied = Decision("p", "a", "r", "IMPLICITLY_DENIED", "", "", "no")
    for decision in (allowed, allowed, denied, denied, allowed):
        records.gated(decision, gate="poll")
    assert [entry[6] for entry in records.decisions.page(0, 10)["entries"]] == [
        "ALLOWED", "IMPLICITLY_DENIED", "ALLOWED"
    ]  # fmt: skip


def test_gate_that_hears_another_context_is_recorded_again() -> None:
    """Two topics that deliver to one queue are two decisions."""
    records = Records()
    for topic in ("first", "second", "first"):
        told = f'[["aws:sourcearn", ["{topic}"]]]'
        decision = Decision("sns.amazonaws.com", "a", "r", "ALLOWED", "resource", "Sid", "", told)
        records.gated(decision, gate="sns-delivery")
    assert [entry[10] for entry in records.decisions.page(0, 10)["entries"]] == [
        '[["aws:sourcearn", ["first"]]]', '[["aws:sourcearn", ["second"]]]'
    ]  # fmt: skip


def test_launcher_imports_nothing_of_lakenb() -> None:
    """It runs in an environment that has no lakenb: relative imports and the standard library only."""
    for path in Path(lakenb.backends.local.launcher.__path__[0]).glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.level == 0:
                names = [node.module or ""]
            assert not any(name.startswith(("lakenb", "boto", "ministack")) for name in names), path


def test_what_is_not_enforced_is_listed_in_full_sentences() -> None:
    assert len(ungated.UNGATED) >= 10
    assert all(len(row) == 4 and all(row) for row in ungated.UNGATED)
    pages = {page for *_, page in ungated.UNGATED}
    assert all(re.fullmatch(r"https://docs\.aws\.amazon\.com/\S+\.html", page) for page in pages)
    assert len(pages) == len(ungated.UNGATED)
    assert len({row[0] for row in ungated.UNGATED}) == len(ungated.UNGATED)
