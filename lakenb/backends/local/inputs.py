"""Which files a run puts, and under which keys."""

from __future__ import annotations

import glob
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lakenb.catalog.places import KEY_BYTES
from lakenb.errors import Fault, InputsError, LocalRunError
from lakenb.graph.options import shown
from lakenb.graph.steps import Part

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from lakenb.graph.graph import Graph


@dataclass(frozen=True, slots=True, order=True)
class Input:
    """One file to put.

    Parameters
    ----------
    trigger
        Id of the trigger whose bucket it goes to.
    key
        Its key there: the trigger's prefix and the file's path below the folder that was named.
    path
        Where it lies.
    """

    trigger: str
    key: str
    path: Path


def gather(graph: Graph, paths: Any) -> tuple[Input, ...]:
    """Return the files to put, sorted.

    Parameters
    ----------
    graph
        The pipeline.
    paths
        A path, a pattern, several of them, or a mapping from a trigger's id to those. A folder stands
        for every file in it.

    Raises
    ------
    InputsError
        Naming every path that leads to no file, and every file that cannot be put.
    """
    triggers = {node: step for node, step in graph.nodes.items() if step.row.part is Part.TRIGGER}
    faults: list[Fault] = []
    inputs: dict[tuple[str, str], Input] = {}
    for trigger, given in _by_trigger(triggers, paths).items():
        step = triggers[trigger]
        prefix, suffix = getattr(step, "prefix", ""), getattr(step, "suffix", "")
        for path, name in _files(given, faults):
            made = Input(trigger, prefix + name, path)
            faults += _faults(made, suffix)
            other = inputs.setdefault((trigger, made.key), made)
            if other.path != path:
                what = (
                    f"{shown(str(path))} and {shown(str(other.path))} would have one key, {shown(made.key)}"
                )
                faults.append(
                    Fault(what, f"trigger {trigger!r}", "rename one, or name the folder above both")
                )
    if not faults and not inputs:
        faults.append(
            Fault("there is no file to run", f"paths {shown(paths)}", "name a file or a folder with files")
        )
    if faults:
        raise InputsError(faults)
    return tuple(sorted(inputs.values()))


def _by_trigger(triggers: Mapping[str, Any], paths: Any) -> dict[str, Any]:
    names = ", ".join(triggers)
    if isinstance(paths, dict):
        unknown = sorted(set(paths) - set(triggers))
        if unknown:
            what = f"the pipeline has no trigger {', '.join(map(repr, unknown))}"
            raise LocalRunError(what, "the paths to run", f"its triggers are {names}")
        return paths
    if len(triggers) != 1:
        mend = f"give a mapping, {{{names.split(', ')[0]!r}: paths, ...}}"
        raise LocalRunError(f"the pipeline has {len(triggers)} triggers: {names}", "the paths to run", mend)
    return {next(iter(triggers)): paths}


def _files(given: Any, faults: list[Fault]) -> Iterator[tuple[Path, str]]:
    """Yield each file with its name below the folder that was named."""
    several: Iterable[Any] = [given] if isinstance(given, (str, os.PathLike)) else given
    for one in several:
        text = os.fspath(one)
        path = Path(text)
        if path.is_file():
            yield path, path.name
        elif path.is_dir():
            yield from (
                (file, file.relative_to(path).as_posix())
                for file in sorted(path.rglob("*"))
                if file.is_file()
            )
        else:
            # a name may hold brackets or stars itself: only what is no file is a pattern
            found = [Path(match) for match in sorted(glob.glob(text, recursive=True))]  # noqa: PTH207 - any pattern
            files = [file for file in found if file.is_file()]
            if not files:
                faults.append(
                    Fault(f"{shown(text)} leads to no file", "the paths to run", "check the spelling")
                )
            yield from ((file, file.name) for file in files)


def _faults(made: Input, suffix: str) -> Iterator[Fault]:
    where = f"file {shown(str(made.path))}"
    if not made.key.endswith(suffix):
        what = f"its key {shown(made.key)} does not end in {suffix!r}: {made.trigger!r} would not see it"
        yield Fault(what, where, f"rename it, or change the suffix of {made.trigger!r}")
    try:
        length = len(made.key.encode())
    except UnicodeEncodeError:
        yield Fault("its name is no Unicode text, so it cannot be a key", where, "rename it")
        return
    if length > KEY_BYTES:
        yield Fault(f"its key would have {length} bytes; S3 takes {KEY_BYTES}", where, "shorten its path")
    if not os.access(made.path, os.R_OK):
        yield Fault("it cannot be read", where, "check its permissions")
