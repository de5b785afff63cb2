"""The command line: what each command does is told by ``lakenb --help``."""

from lakenb.cli.main import main

__all__ = ["main"]
