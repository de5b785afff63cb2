"""Arguments in, exit code out.

Exit codes: 0 all is as promised, 1 documents failed or a promise was not kept, 2 the command could not do
its work, 130 interrupted. Where the reader of standard output goes away it ends silently with 141, as
a program does that the signal ends.
"""

from __future__ import annotations

import os
import sys
import traceback
from typing import TYPE_CHECKING

from lakenb.cli.parser import parser
from lakenb.cli.raised import UserFileError, lines_printable
from lakenb.errors import LakenbError

if TYPE_CHECKING:
    from collections.abc import Sequence

_UNUSABLE, _INTERRUPTED, _READER_GONE = 2, 130, 141


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command.

    Parameters
    ----------
    arguments
        The words behind ``lakenb``; those of the process by default.

    Returns
    -------
    int
        The exit code.
    """
    _write_any_letter()
    try:
        return _finish(arguments)
    except BrokenPipeError:
        _drop_output()
        return _READER_GONE
    except (LakenbError, UserFileError) as error:
        _say(str(error))
    except OSError as error:
        _drop_output()
        _say(f"{error.strerror or error}: {error.filename or 'this machine'}")
    except KeyboardInterrupt:
        _say("interrupted; everything it started has ended")
        return _INTERRUPTED
    except Exception:  # noqa: BLE001 - 1 means something else, and Python would end with it
        traceback.print_exc()
        _say("this is a fault of lakenb itself: please report it with the lines above")
    return _UNUSABLE


def _finish(arguments: Sequence[str] | None) -> int:
    """Run a command, and let what it printed arrive before it ends."""
    try:
        chosen = parser().parse_args(arguments)
        code: int = chosen.do(chosen)
        return code
    finally:
        print(end="", flush=True)


def _say(text: str) -> None:
    print(f"lakenb: {lines_printable(text)}", file=sys.stderr)


def _write_any_letter() -> None:
    """Show letters that a stream lacks as question marks, rather than fail on them."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")


def _drop_output() -> None:
    """Forget what could not be written: Python would try again, and complain, when it ends."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
