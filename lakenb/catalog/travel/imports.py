"""What a travelling function may import: what Lambda has, and what its own packages bring."""

from __future__ import annotations

import builtins
import sys
from importlib import metadata
from types import ModuleType
from typing import TYPE_CHECKING, Any

from lakenb.graph.requirements import normalized_name

if TYPE_CHECKING:
    from collections.abc import Collection

    from lakenb.catalog.travel.values import Refusal

# What Lambda's Python brings beside the standard library.
_LAMBDAS_OWN = frozenset({"boto3", "botocore"})
_OURS = "lakenb"
_OUR_ROOM = "lakenb.runtime"
# Built in, and of no use where nobody sits: or they hide from us what the function reads.
_NOBODY_THERE = frozenset({"input", "breakpoint", "exit", "quit", "help"})
_HIDING = frozenset({"eval", "exec", "globals", "__import__"})
_NOTEBOOK = frozenset({"get_ipython", "display"})


def builtin_refusal(name: str) -> Refusal | None:
    """Return why a built-in name is of no use on Lambda, or None.

    Raises
    ------
    LookupError
        If it is none of Python's own.
    """
    if name in _NOTEBOOK:
        return f"it uses {name}, and on Lambda there is no notebook", "leave it out; print writes to the log"
    if name in _NOBODY_THERE:
        return f"it uses {name}(), and on Lambda nobody is there to answer", "leave it out"
    if name in _HIDING:
        return (
            f"it uses {name}(), which hides what it reads",
            "name what it reads, so that it can be found and travel",
        )
    value = vars(builtins).get(name, builtins)
    standard = getattr(value, "__module__", "builtins") in {"builtins", "io", "_io"}
    if value is builtins or not standard:
        raise LookupError(name)
    return None


def module_refusal(module: str, packages: Collection[str]) -> Refusal | None:
    """Return why a module will not be there on Lambda, or None.

    Parameters
    ----------
    module
        Its dotted name.
    packages
        Normalized names of the packages that the function brings.
    """
    top = module.partition(".")[0]
    if not top:
        what = f"it imports {module}, relative to a package that does not travel"
        return what, "write out the functions that it needs"
    if top == _OURS:
        return _refusal_of_ours(module)
    is_there = top in sys.stdlib_module_names or top in _LAMBDAS_OWN
    return None if is_there or normalized_name(top) in packages else _refusal_of_package(top, packages)


def _refusal_of_ours(module: str) -> Refusal | None:
    """Return why a module of lakenb does not travel: the runtime does, without the other handlers."""
    if f"{module}.".startswith(f"{_OUR_ROOM}.") and not module.startswith(f"{_OUR_ROOM}.handlers"):
        return None
    what = f"it uses {module}, which is the notebook's side of lakenb and does not travel"
    return what, f"use what the document and the context offer, or the names of {_OUR_ROOM}"


def _refusal_of_package(top: str, packages: Collection[str]) -> Refusal | None:
    """Return why a module of a package will not be there, by what is installed here."""
    brings = _distributions().get(top, ())
    if any(name in packages for name in brings):
        return None
    what = f"it uses {top}, which none of its packages brings"
    if brings:
        return what, f"add {f'{brings[0]}=={metadata.version(brings[0])}'!r} to packages"
    if any(not _is_installed(name) for name in packages):
        return None  # one that is not installed here may bring it; what it brings cannot be known before
    return what, f"add the package that brings {top} to packages, as name==version"


def import_of(name: str, value: Any) -> tuple[str, str] | None:
    """Return the module of a thing that can be imported, and the line that imports it under a name."""
    module, own = getattr(value, "__module__", None), getattr(value, "__name__", None)
    if not isinstance(module, str) or not isinstance(own, str) or module == "builtins":
        return None
    if getattr(sys.modules.get(module), own, None) is not value:
        return None
    return module, f"from {module} import {own}" + ("" if own == name else f" as {name}")


def module_imports(name: str, module: ModuleType, chains: Collection[tuple[str, ...]]) -> set[str]:
    """Return the lines that import a module under a name, with its submodules that are reached through it.

    Parameters
    ----------
    name
        What the notebook calls the module.
    module
        The module.
    chains
        The attributes that are read from the name one after the other.
    """
    own = module.__name__
    inner = {own}
    for chain in chains:
        dotted = own
        for attribute in chain:
            if not isinstance(sys.modules.get(f"{dotted}.{attribute}"), ModuleType):
                break
            dotted = f"{dotted}.{attribute}"
        inner.add(dotted)
    # the import of a.b imports a, and binds it
    longest = {one for one in inner if not any(other.startswith(f"{one}.") for other in inner)}
    lines = {f"import {one}" for one in longest - {own}}
    if name != own:
        return {*lines, f"import {own} as {name}"}
    return lines or {f"import {own}"}


def _distributions() -> dict[str, tuple[str, ...]]:
    """Return which installed packages bring a module, by their normalized names.

    Read anew each time: people install packages from the notebook.
    """
    found = metadata.packages_distributions()
    return {module: tuple(sorted({*map(normalized_name, names)})) for module, names in found.items()}


def _is_installed(package: str) -> bool:
    try:
        metadata.version(package)
    except metadata.PackageNotFoundError:
        return False
    return True
