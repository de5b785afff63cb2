"""Which files a run puts, and under which keys."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lakenb.catalog.places import KEY_BYTES
from lakenb.errors import Fault, InputsError, LocalRunError
from lakenb.graph.options import shown, wrong_type
from lakenb.graph.services import Service
from lakenb.graph.steps import Part
from lakenb.security.stores import given_bucket

if TYPE_CHECKING:
    from lakenb.graph.graph import Graph
    from lakenb.graph.steps import Step

MOST_FIRINGS = 100
_WHERE = "the paths to run"


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
    bucket
        The bucket in which a trigger was told that documents lie; empty for its own, or for a given one.
    """

    trigger: str
    key: str
    path: Path
    bucket: str = ""


def kept(paths: Any) -> Any:
    """Return the paths so that they can be read twice: a generator is read once."""
    return tuple(paths) if isinstance(paths, Iterator) else paths


def gather(graph: Graph, paths: Any) -> tuple[Input, ...]:
    """Return the files to put, sorted.

    Parameters
    ----------
    graph
        The pipeline.
    paths
        A path, a pattern, several of them, or a mapping from a trigger's id to those. A folder stands
        for every file in it. A trigger that makes its documents has none: see `firings`.

    Raises
    ------
    InputsError
        Naming every path that leads to no file, and every file that cannot be put.
    """
    triggers = {node: step for node, step in graph.nodes.items() if step.row.part is Part.TRIGGER}
    faults: list[Fault] = []
    inputs: dict[tuple[str, str], Input] = {}
    asked = _by_trigger(triggers, paths)
    for trigger, given in asked.items():
        step = triggers[trigger]
        if step.puts_documents():
            continue
        for made in _inputs(step, given, faults):
            faults += _faults(made, getattr(step, "suffix", ""))
            # several triggers may share a given bucket
            bucket = made.bucket or given_bucket(step) or f"the bucket of {trigger}"
            other = inputs.setdefault((bucket, made.key), made)
            if other.path.resolve() != made.path.resolve():
                what = f"{_whole(made.path)} and {_whole(other.path)} would have one key, {_whole(made.key)}"
                faults.append(
                    Fault(what, f"trigger {trigger!r}", "rename one, or name the folder above both")
                )
    makes = any(triggers[trigger].puts_documents() for trigger in asked)
    if not faults and not inputs and not makes:
        faults.append(
            Fault("there is no file to run", f"paths {shown(paths)}", "name a file or a folder with files")
        )
    if faults:
        raise InputsError(faults)
    return tuple(sorted(inputs.values()))


def firings(graph: Graph, paths: Any) -> dict[str, int]:
    """Return how often each schedule is to fire, by the ids of their triggers.

    Parameters
    ----------
    graph
        The pipeline.
    paths
        What `gather` takes. A trigger that makes its documents is given a number in place of paths, and
        fires once without one; one that sends listed documents fires once when their files are there.

    Raises
    ------
    InputsError
        For what is no number of times.
    """
    triggers = {node: step for node, step in graph.nodes.items() if step.row.part is Part.TRIGGER}
    times: dict[str, int] = {}
    for trigger, given in _by_trigger(triggers, paths).items():
        step = triggers[trigger]
        if Service.SCHEDULE not in step.services():
            continue
        if not step.puts_documents():
            times[trigger] = 1
            continue
        count = 1 if _is_nothing(given) else given
        if not isinstance(count, int) or isinstance(count, bool) or not 0 < count <= MOST_FIRINGS:
            what = f"{trigger!r} makes its documents itself: it is told how often to fire, not {shown(given)}"
            mend = f"give a number, {{{trigger!r}: 1}}, up to {MOST_FIRINGS}"
            raise InputsError([Fault(what, f"trigger {trigger!r}", mend)])
        times[trigger] = count
    return times


def _is_nothing(paths: Any) -> bool:
    return isinstance(paths, (list, tuple)) and not paths


def _inputs(step: Step, given: Any, faults: list[Fault]) -> Iterator[Input]:
    """Yield the files for one trigger, under the keys at which it finds them."""
    places = step.given_places()
    listed = {place.prefix.rpartition("/")[2]: place for place in places if place.is_one}
    found = set()
    for path, name in _files(given, faults):
        if listed:
            place = listed.get(path.name)
            if place is None:
                what = f"{_whole(path)} is none of the documents that {step.id!r} lists"
                mend = f"name it as one of {', '.join(sorted(listed))}"
                faults.append(Fault(what, f"file {_whole(path)}", mend))
                continue
            found.add(path.name)
            yield Input(step.id, place.prefix, path, place.bucket)
        elif places:
            yield Input(step.id, places[0].prefix + name, path, places[0].bucket)
        else:
            yield Input(step.id, getattr(step, "prefix", "") + name, path)
    for name in sorted(listed.keys() - found):
        url = f"s3://{listed[name].bucket}/{listed[name].prefix}"
        what = f"{step.id!r} sends {url}, and there is no file for it"
        faults.append(Fault(what, f"trigger {step.id!r}", f"give a file of the name {name!r} as well"))


def _by_trigger(triggers: Mapping[str, Any], paths: Any) -> Mapping[str, Any]:
    names = ", ".join(triggers)
    if isinstance(paths, Mapping):
        unknown = sorted(set(paths) - set(triggers))
        if unknown:
            what = f"the pipeline has no trigger {', '.join(map(repr, unknown))}"
            raise LocalRunError(what, _WHERE, f"its triggers are {names}")
        return paths
    if _is_nothing(paths) and all(step.puts_documents() for step in triggers.values()):
        return dict.fromkeys(triggers, ())
    if len(triggers) != 1:
        mend = f"give a mapping, {{{names.split(', ')[0]!r}: paths, ...}}"
        raise LocalRunError(f"the pipeline has {len(triggers)} triggers: {names}", _WHERE, mend)
    return {next(iter(triggers)): paths}


def _files(given: Any, faults: list[Fault]) -> Iterator[tuple[Path, str]]:
    """Yield each file with its name below the folder that was named."""
    several = [given] if isinstance(given, (str, bytes, os.PathLike)) else given
    if not isinstance(several, Iterable):
        several = [several]
    for one in several:
        try:
            text = os.fsdecode(one)
        except TypeError:
            faults.append(wrong_type("a path", one, "a text or a pathlib.Path", _WHERE))
            continue
        try:
            found = list(_found(text))
        except OSError as error:  # a folder that may not be entered, a name longer than the system takes
            what = f"{_whole(text)} cannot be looked at: {error.strerror}"
            faults.append(Fault(what, _WHERE, "check its spelling and permissions"))
            continue
        if not found:
            faults.append(Fault(f"{_whole(text)} leads to no file", _WHERE, "check the spelling"))
        yield from found


def _found(text: str) -> Iterator[tuple[Path, str]]:
    """Yield the files that one path or pattern leads to, with their names."""
    path = Path(text)
    if not text:  # would be the current folder
        return
    if path.is_file():
        yield path, path.name
    elif path.is_dir():
        for folder, folders, names in os.walk(path, onerror=_refuse):
            folders.sort()
            for file in (Path(folder, name) for name in sorted(names)):
                if file.is_file():
                    yield file, file.relative_to(path).as_posix()
    else:
        # a name may hold brackets or stars itself: only what is no file is a pattern
        for match in sorted(glob.glob(text, recursive=True)):  # noqa: PTH207 - Path.glob takes no absolute pattern
            file = Path(match)
            if file.is_file():
                yield file, file.name


def _whole(path: str | Path) -> str:
    """Return a path as messages show it: its end is what tells it from others, so it is not cut."""
    return repr(str(path))


def _refuse(error: OSError) -> None:
    raise error  # a folder that cannot be read would otherwise be left out silently


def _faults(made: Input, suffix: str) -> Iterator[Fault]:
    where = f"file {_whole(made.path)}"
    if not made.key.endswith(suffix):
        what = f"its key {_whole(made.key)} does not end in {suffix!r}: {made.trigger!r} would not see it"
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
