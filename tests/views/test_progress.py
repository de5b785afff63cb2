from __future__ import annotations

import io

import pytest

from lakenb.records.progress import Progress
from lakenb.views.progress import progress_line, progress_text


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_stage_without_messages_is_told_in_words() -> None:
    assert progress_text(Progress("deploying the template", 0.71)) == "deploying the template · 0.7 s"


def test_dead_letters_are_told() -> None:
    text = progress_text(Progress("running", 1.0, done=1, known=2, working=0, dead=3))
    assert text.endswith("1/2 messages · 0 at work · 3 dead letters · 1.0 s")


def test_a_terminal_line_is_written_over_and_taken_away() -> None:
    terminal = Terminal()
    with progress_line(stream=terminal) as show:
        show(Progress("starting the embedded AWS", 0.1))
        show(Progress("running", 1.0, done=1, known=1))
    written = terminal.getvalue()
    assert "\n" not in written
    assert written.count("\r") == 4
    assert written.rsplit("\r", 2)[1].strip() == ""


def test_a_log_file_gets_each_stage_once() -> None:
    log = io.StringIO()
    with progress_line(stream=log) as show:
        for number in range(3):
            show(Progress(f"putting documents ({number})", 0.1 * number))
            show(Progress(f"putting documents ({number})", 0.1 * number))
        show(Progress("running", 1.0, done=1, known=1))
    assert log.getvalue() == "putting documents\nrunning\n"


def test_nothing_is_shown_when_it_is_not_wanted() -> None:
    log = io.StringIO()
    with progress_line(enabled=False, stream=log) as show:
        show(Progress("running", 1.0))
    assert log.getvalue() == ""


def shown_until_it_fails(terminal: Terminal) -> None:
    with progress_line(stream=terminal) as show:
        show(Progress("running", 1.0))
        raise ConnectionError


def test_the_line_is_taken_away_when_the_run_fails() -> None:
    terminal = Terminal()
    with pytest.raises(ConnectionError):
        shown_until_it_fails(terminal)
    assert terminal.getvalue().endswith("\r")
