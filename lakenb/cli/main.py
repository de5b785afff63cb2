"""Arguments in, exit code out.

Exit codes: 0 all is as promised, 1 a promise was not kept, 2 the command could not do its work,
130 interrupted.
"""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

import lakenb
from lakenb.cli.demo import demo
from lakenb.errors import LakenbError

if TYPE_CHECKING:
    from collections.abc import Sequence

_UNUSABLE, _INTERRUPTED = 2, 130

_DEMO = """\
Runs documents through trigger -> splitter -> splitter -> store on an embedded AWS that enforces IAM,
deployed from the very template that would go to AWS. No account, no network once it is installed.
Shows who may do what, what became of every document, and what one function is refused when it tries
to write and read where it may not: the server's own answers.

Without PATH it writes a small corpus with a seeded generator: letters, an empty file, bytes that are no
text, and a picture, so that you see what fails and what is filtered, and why.
"""


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
    chosen = _parser().parse_args(arguments)
    try:
        return demo(chosen.paths, seed=chosen.seed, save=chosen.save)
    except LakenbError as error:
        print(f"lakenb: {error}", file=sys.stderr)
        return _UNUSABLE
    except OSError as error:
        print(f"lakenb: {error.strerror or error}: {error.filename or 'this machine'}", file=sys.stderr)
        return _UNUSABLE
    except KeyboardInterrupt:
        print("lakenb: interrupted; everything it started has ended", file=sys.stderr)
        return _INTERRUPTED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="lakenb", description=lakenb.__doc__)
    parser.add_argument("--version", action="version", version=f"lakenb {lakenb.__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    command = commands.add_parser(
        "demo",
        help="run documents through a pipeline with IAM enforced, and show a denial",
        description=_DEMO,
        epilog="exit codes: 0 as promised, 1 a promise was not kept, 2 could not run, 130 interrupted",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument("paths", metavar="PATH", nargs="*", help="your own files, folders or patterns")
    command.add_argument("--save", metavar="DIR", help="keep the resulting documents in this folder")
    command.add_argument("--seed", type=int, default=1, help="seed of the generated corpus (default: 1)")
    return parser
