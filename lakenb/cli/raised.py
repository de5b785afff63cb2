"""What a user's own file raised, told in the user's own lines: no frame of ours, and none of a library."""

from __future__ import annotations

import sysconfig
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

from lakenb.errors import LakenbError
from lakenb.records.tables import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

_OURS = Path(__file__).parents[1]
_LIBRARIES = tuple(
    Path(sysconfig.get_path(name)).resolve() for name in ("stdlib", "platstdlib", "purelib", "platlib")
)


class UserFileError(Exception):
    """The user's file raised; its text is what there is to tell. It stays within the command line."""


def told(error: BaseException, file: Path, what: str) -> str:
    """Return what a user's file raised, for people.

    Parameters
    ----------
    error
        What was raised while the file ran.
    file
        The file.
    what
        What could not be done, a clause without a colon.
    """
    whole = traceback.TracebackException(type(error), error, error.__traceback__, compact=True)
    _trim(whole, file)
    if isinstance(error, LakenbError):
        return "\n".join((str(error), *_line(whole)))
    if isinstance(error, SystemExit):
        lines = (f"{what}: it calls sys.exit({error.code!r})", *_line(whole))
        return "\n".join((*lines, '  mend:  guard it: if __name__ == "__main__": ...'))
    # without a line of the user's there is no traceback to show: a SyntaxError names its line itself
    text = whole.format() if whole.stack else whole.format_exception_only()
    return f"{what}:\n{''.join(text).rstrip()}"


def lines_printable(text: str) -> str:
    r"""Return a text of several lines in which nothing commands a terminal.

    Examples
    --------
    >>> lines_printable("a\x1b[2J\n  b")
    'a�[2J\n  b'
    """
    return "\n".join(printable(line) for line in text.split("\n"))


def _line(whole: traceback.TracebackException) -> Iterator[str]:
    """Yield the last line of the user's that led to an error."""
    for frame in whole.stack[-1:]:
        yield f"  line:  {Path(frame.filename).name}:{frame.lineno}: {frame.line}"


def _trim(error: traceback.TracebackException, file: Path) -> None:
    """Keep the user's frames alone, in the causes of an error, too."""
    error.stack = traceback.StackSummary.from_list(
        [frame for frame in error.stack if _is_users(frame.filename, file)]
    )
    for cause in (error.__cause__, error.__context__, *(error.exceptions or ())):
        if cause is not None:
            _trim(cause, file)


def _is_users(filename: str, file: Path) -> bool:
    path = Path(filename)
    if path == file.absolute():
        return True
    if filename.startswith("<") or path.is_relative_to(_OURS):
        return False
    return not any(path.resolve().is_relative_to(folder) for folder in _LIBRARIES)
