"""Which source files travel into a function: those its handler stands on, and no others."""

from __future__ import annotations

import ast
import difflib
from pathlib import Path

from lakenb.errors import PackagingError

_ROOT = Path(__file__).parent.parent
HANDLERS = "lakenb.runtime.handlers"
_ROOMS = (
    "errors",
    "events",
    "runtime",
)  # what runtime may import: nothing else of lakenb exists in a function


def function_sources(handler: str) -> dict[str, bytes]:
    """Return the files of a function's zip by their path in it.

    Parameters
    ----------
    handler
        Dotted name of the handler's module, ``lakenb.runtime.handlers.<name>``.

    Returns
    -------
    dict[str, bytes]
        Sorted by path. ``lakenb/__init__.py`` is empty: the public API imports rooms that do not travel.

    Raises
    ------
    PackagingError
        If there is no such handler, or it imports a room that does not travel.
    """
    paths = {_ROOT / "errors.py", *(_ROOT / "events").rglob("*.py")}
    in_runtime = set((_ROOT / "runtime").rglob("*.py"))
    handlers = _ROOT / "runtime" / "handlers"
    paths |= {path for path in in_runtime if handlers not in path.parents}
    paths |= {handlers / "__init__.py", *_handler_modules(handler)}
    files = {f"lakenb/{path.relative_to(_ROOT).as_posix()}": path.read_bytes() for path in paths}
    files["lakenb/__init__.py"] = b""
    return dict(sorted(files.items()))


def _handler_modules(handler: str) -> set[Path]:
    """Return the handler's module and the other handler modules that it imports, directly or not."""
    found: set[Path] = set()
    waiting = [handler]
    while waiting:
        path = _module_path(waiting.pop())
        if path in found:
            continue
        found.add(path)
        waiting += sorted(name for name in _imports(path) if name.startswith(f"{HANDLERS}."))
    return found


def _module_path(module: str) -> Path:
    """Return the file of a handler's module."""
    package, _, name = module.rpartition(".")
    directory = _ROOT / "runtime" / "handlers"
    path = directory / f"{name}.py"
    if package == HANDLERS and name.isidentifier() and name != "__init__" and path.is_file():
        return path
    known = sorted(entry.stem for entry in directory.glob("*.py") if entry.stem != "__init__")
    near = difflib.get_close_matches(name, known, n=1)
    mend = f"did you mean {HANDLERS}.{near[0]}?" if near else f"name one of {', '.join(known)} in {HANDLERS}"
    raise PackagingError(f"there is no handler '{module}'", "the zip of a function", mend)


def _imports(path: Path) -> set[str]:
    """Return the modules of lakenb that a file imports; one that does not travel is an error."""
    modules: set[str] = set()
    for node in ast.walk(ast.parse(path.read_bytes(), path.name)):
        match node:
            case ast.ImportFrom(level=level) if level:
                what = f"the handler '{path.stem}' has a relative import, which is not followed"
                raise PackagingError(
                    what, f"line {node.lineno} of {path.name}", "write the module's full name"
                )
            case ast.Import():
                modules |= {alias.name for alias in node.names}
            case ast.ImportFrom(module=str(module)):
                modules.add(module)
                # `from package import module`: one of the names may be a module
                if module == HANDLERS:
                    modules |= {f"{module}.{alias.name}" for alias in node.names}
            case _:
                pass
    ours = {module for module in modules if module.partition(".")[0] == "lakenb"}
    strangers = sorted(module for module in ours if module.split(".")[1:2] not in [[room] for room in _ROOMS])
    if strangers:
        what = f"the handler '{path.stem}' imports {strangers[0]}, which does not travel into functions"
        mend = f"import from lakenb.{', lakenb.'.join(_ROOMS)} only"
        raise PackagingError(what, f"the imports of {path.name}", mend)
    return ours
