"""A pipeline out of a user's own Python file, named as ``FILE.py:NAME``."""

from __future__ import annotations

import difflib
import inspect
import sys
from contextlib import chdir, contextmanager, redirect_stdout, suppress
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from lakenb.api import Pipeline
from lakenb.cli.raised import UserFileError, told
from lakenb.errors import LakenbError
from lakenb.graph.steps import Handle, Step

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

_SUFFIX = ".py"
_MODULE = "lakenb_pipeline_file"  # not __main__: what a file guards with that name is for running it
_SHOWN = 6
_AS_IN = "name it as FILE.py:NAME, as in pipelines.py:pipe"


class UnusableError(LakenbError):
    """What the command was given cannot be used. It stays within the command line."""


def load(place: str) -> Pipeline:
    """Return the pipeline that a place names.

    The file runs as Python would import it: its folder is on ``sys.path`` until this function returns, and
    what it prints goes to standard error.

    Parameters
    ----------
    place
        ``FILE.py:NAME``, a pipeline or a function without arguments that returns one; ``FILE.py`` alone where
        the file holds exactly one pipeline.

    Raises
    ------
    UnusableError
        If there is no such file, no such name, or something else under that name.
    UserFileError
        If the file itself raises, with the user's own lines.
    """
    file, name = split(place)
    path = _checked(file)
    # chdir: back to this folder, whatever the file does, for the command's other paths are relative to it
    with chdir("."), _importing_from(path.resolve().parent), redirect_stdout(sys.stderr):
        names = vars(_module(path, file))
        chosen = _only_name(names, file) if name is None else name
        return _pipeline(names, chosen, path, file)


def split(place: str) -> tuple[str, str | None]:
    r"""Return file and name; the name is None where the place is a file alone.

    Examples
    --------
    >>> split("flows/letters.py:pipe"), split(r"C:\flows\letters.py")
    (('flows/letters.py', 'pipe'), ('C:\\flows\\letters.py', None))
    """
    file, colon, name = place.rpartition(":")
    if colon and (file.lower().endswith(_SUFFIX) or name.isidentifier()):
        return file, name
    return place, None  # a colon further left belongs to the file, such as the one of a drive


def _checked(file: str) -> Path:
    """Return the path of a Python file that is there."""
    path, where = Path(file), f"file {file!r}"
    if path.is_dir():
        near = _listed(sorted(entry.name for entry in path.glob(f"*{_SUFFIX}")))
        mend = f"name a Python file in it: {near}" if near else _AS_IN
        raise UnusableError(f"{file!r} is a folder, not a Python file", where, mend)
    if path.suffix.lower() == ".ipynb":
        mend = f"write the cells that compose the pipeline into a {_SUFFIX} file and name that"
        raise UnusableError(f"{file!r} is a notebook, not a Python file", where, mend)
    if path.suffix.lower() != _SUFFIX:
        raise UnusableError(f"{file!r} is not a Python file: it does not end in {_SUFFIX}", where, _AS_IN)
    if not path.is_file():
        beside = path.parent.glob(f"*{_SUFFIX}") if path.parent.is_dir() else ()
        near = _near(path.name, (entry.name for entry in beside))
        raise UnusableError(f"there is no file {file!r}", where, near or "check its spelling and folder")
    return path


def _module(path: Path, file: str) -> ModuleType:
    """Return the module that a file makes; nothing is written beside it."""
    module = ModuleType(_MODULE)
    module.__file__ = str(path.absolute())
    sys.modules[_MODULE] = module  # dataclasses look their module up
    try:
        source = path.read_bytes()
    except OSError as error:
        what = f"{file!r} cannot be read: {error.strerror}"
        raise UnusableError(what, f"file {file!r}", "check its permissions") from error
    with _told(path, f"{file!r} cannot be loaded"):
        code = compile(source, module.__file__, "exec", dont_inherit=True)
        exec(code, vars(module))  # noqa: S102 - running the user's own file is what the user asked for
    return module


def _only_name(names: Mapping[str, Any], file: str) -> str:
    """Return the name of the one pipeline among names."""
    found = _pipelines(names)
    if len({id(names[name]) for name in found}) == 1:
        return found[0]
    where = f"file {file!r}"
    if found:
        what = f"{file!r} holds {len(found)} pipelines: {_listed(found)}"
        raise UnusableError(what, where, f"say which, as in {file}:{found[0]}")
    makers = _makers(names)
    mend = f"if a function makes it, name that: {file}:{makers[0]}" if makers else "assign one to a name"
    raise UnusableError(f"{file!r} holds no pipeline", where, mend)


def _pipeline(names: Mapping[str, Any], name: str, path: Path, file: str) -> Pipeline:
    """Return the pipeline under a name, or the one that the function under that name returns."""
    where = f"{file}:{name}"
    if name not in names:
        raise _no_such_name(names, name, file)
    value = names[name]
    if isinstance(value, Pipeline):
        return value
    if isinstance(value, (Handle, Step)):
        mend = f"put it into a pipeline: lk.Pipeline('{name.replace('_', '-').lower()}', {name})"
        raise UnusableError(f"{name!r} is of type {_kind(value)}, not a pipeline", where, mend)
    if not callable(value) or isinstance(value, type):
        mend = "name a pipeline, or a function without arguments that returns one"
        raise UnusableError(f"{name!r} is of type {_kind(value)}, not a pipeline", where, mend)
    if needed := _needed(value):
        what = f"{name!r} is a function that needs {_listed(needed)}"
        raise UnusableError(what, where, "give each argument a default, or name a function without arguments")
    with _told(path, f"{name}() in {file!r} does not return"):
        made = value()
    if not isinstance(made, Pipeline):
        raise UnusableError(
            f"{name}() returns a value of type {_kind(made)}, not a pipeline", where, "return a lk.Pipeline"
        )
    return made


def _no_such_name(names: Mapping[str, Any], name: str, file: str) -> UnusableError:
    where = f"file {file!r}"
    if not name.isidentifier():
        return UnusableError(f"{name!r} is not a name in Python", where, _AS_IN)
    candidates = [*_pipelines(names), *_makers(names)]
    mend = _near(name, candidates) or _near(name, names)
    if not mend and candidates:
        mend = f"it holds {_listed(candidates)}"
    return UnusableError(
        f"{file!r} holds no {name!r}", where, mend or f"assign it: {name} = lk.Pipeline(...)"
    )


def _pipelines(names: Mapping[str, Any]) -> list[str]:
    return [name for name, value in names.items() if isinstance(value, Pipeline)]


def _makers(names: Mapping[str, Any]) -> list[str]:
    """Return the names of the file's own functions that can be called without arguments."""
    return [
        name
        for name, value in names.items()
        if inspect.isfunction(value) and value.__module__ == _MODULE and not _needed(value)
    ]


def _needed(function: Callable[..., Any]) -> list[str]:
    """Return the arguments that a function cannot do without."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):  # written in C: calling it tells
        return []
    loose = {inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD}
    return [one.name for one in parameters if one.default is one.empty and one.kind not in loose]


def _kind(value: object) -> str:
    return type(value).__qualname__


def _listed(names: list[str]) -> str:
    more = "" if len(names) <= _SHOWN else f" and {len(names) - _SHOWN} more"
    return f"{', '.join(names[:_SHOWN])}{more}"


def _near(name: str, known: Iterable[str]) -> str:
    """Return a question that names near spellings, or nothing."""
    near = difflib.get_close_matches(name, list(known), n=2)
    return f"did you mean {' or '.join(map(repr, near))}?" if near else ""


@contextmanager
def _importing_from(folder: Path) -> Iterator[None]:
    """Let a file import what lies beside it, for as long as it is read."""
    entry = str(folder)
    sys.path.insert(0, entry)
    try:
        yield
    finally:
        with suppress(ValueError):  # the file may have taken it away itself
            sys.path.remove(entry)


@contextmanager
def _told(path: Path, what: str) -> Iterator[None]:
    """Tell in the user's own lines what the user's own code raises."""
    try:
        yield
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # sys.exit included: it must not pass for this command's own end
        raise UserFileError(told(error, path, what)) from error
