"""All stacks of a deployment in one world, resource by resource, reusing what is the same as before."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from lakenb.errors import Fault, TemplateError
from lakenb.iam.stacks.documents import OPEN_TEXT
from lakenb.iam.stacks.intrinsics import Resolver
from lakenb.iam.stacks.parts import Part, carries_policies, part
from lakenb.iam.stacks.scope import Scope, all_scopes, exists
from lakenb.iam.stacks.template import STACK, kind_of
from lakenb.iam.stacks.transforms import Doubt, doubts
from lakenb.iam.stacks.world import UNKNOWN, Resource, Unresolved

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lakenb.iam.stacks.deployment import Asked, Deployment
    from lakenb.iam.stacks.names import Names
    from lakenb.iam.stacks.parts import Compiler
    from lakenb.iam.stacks.source import Source

IGNORED: Final = frozenset({"AWS::CDK::Metadata"})
_ATTRIBUTES: Final = ("DeletionPolicy", "DependsOn", "UpdateReplacePolicy")


class _Notes:
    """What the resolver found in one resource; where exactly is looked up at the end, when there is any."""

    __slots__ = ("faults", "unknowns")

    def __init__(self) -> None:
        self.faults: list[tuple[str, object, str]] = []
        self.unknowns: list[tuple[str, object]] = []

    def fault(self, what: str, node: object, mend: str) -> None:
        self.faults.append((what, node, mend))

    def unknown(self, what: str, node: object) -> None:
        self.unknowns.append((what, node))


@dataclass(slots=True, eq=False)
class Entry:
    """One resource as it was read, with what the reading hung on."""

    written: Any
    resource: Resource
    asked: Mapping[tuple[str, str, str], Any]
    unresolved: tuple[Unresolved, ...]
    part: Part
    names: Names
    around: Mapping[str, str]
    doubts: tuple[Doubt, ...] = ()


@dataclass(slots=True, eq=False)
class Reading:
    """A world's resources, and what they are read in."""

    deployment: Deployment
    entries: dict[str, Entry] = field(default_factory=dict)
    doubts: list[Doubt] = field(default_factory=list)


def read(
    deployment: Deployment,
    source: Source,
    compiler: Compiler,
    before: Reading | None,
    *,
    is_same: bool = False,
) -> Reading:
    """Return a reading.

    Parameters
    ----------
    deployment
        The world to read in, fresh.
    source
        The templates.
    compiler
        Remembers policies.
    before
        An earlier reading of the same world, or of another: what is the same is taken over from it.
    is_same
        Whether the earlier reading is of the same world, of one stack, and only resources changed since.

    Raises
    ------
    TemplateError
        With every fault.
    """
    root = Scope(deployment, source)
    scopes = tuple(all_scopes(root))
    found = Reading(deployment)
    faults: list[Fault] = []
    is_settled = is_same and before is not None and _has_same_names(root, before)
    for scope in scopes:
        for logical_id, written in scope.resources.items():
            if kind_of(written) in IGNORED or not exists(scope, logical_id):
                continue
            path = scope.prefix + logical_id
            entry = before.entries.get(path) if before is not None else None
            is_unchanged = entry is not None and entry.written is written
            if entry is None or not (is_unchanged and (is_settled or _still(entry, scope, logical_id))):
                entry = _entry(scope, logical_id, compiler, faults)
            found.entries[path] = entry
            found.doubts += entry.doubts
            if kind_of(written) == STACK and scope.child(logical_id) is None:
                found.doubts.append(_absent(entry.resource))
    for scope in scopes:
        found.doubts += doubts(scope.source.template, scope.prefix)
        faults += [Fault(what, scope.prefix + where, mend) for what, where, mend in scope.truths.faults]
    mend = "let no resource take its name from one that takes its own from it"
    faults += [Fault("names hang on one another without an end", chain, mend) for chain in deployment.cycles]
    if faults:
        raise TemplateError(list(dict.fromkeys(faults)))
    return found


def _has_same_names(root: Scope, before: Reading) -> bool:
    """Return whether every resource that changed kept its names: then all others mean what they meant.

    Only if that is so, their names are taken over.
    """
    is_less = any(path not in root.resources for path in before.entries)
    is_more = any(path not in before.entries for path in root.resources)
    if is_less or (is_more and before.deployment.scopes[""].adds_resources):
        return False  # what was unknown may be one of those that are new
    shared = root.deployment
    written = {path: entry.written for path, entry in before.entries.items()}
    changed = [path for path, each in root.resources.items() if written.get(path) is not each]
    shared.names = {path: each for path, each in before.deployment.names.items() if path in written}
    for path in changed:
        shared.names.pop(path, None)
    if all(path not in written or root.names_of(path) == before.entries[path].names for path in changed):
        return True
    shared.names = {}
    return False


def _still(entry: Entry, scope: Scope, logical_id: str) -> bool:
    """Return whether everything that a resource's reading asked for has the same answer now."""
    deployment = scope.deployment
    if entry.names != scope.names_of(logical_id) or entry.around != scope.around:
        return False
    for (prefix, name, attribute), answer in entry.asked.items():
        asked = deployment.scopes.get(prefix)
        if asked is None:
            return False
        try:
            now = asked.answer(name, attribute)
        except LookupError:
            return False
        if now is not answer and now != answer:
            return False
    return True


def _entry(scope: Scope, logical_id: str, compiler: Compiler, faults: list[Fault]) -> Entry:
    deployment, path, written = scope.deployment, scope.prefix + logical_id, scope.resources[logical_id]
    names = scope.names_of(logical_id)
    notes = _Notes()
    asked: Asked = {}
    deployment.asked = asked
    given = written.get("Properties", {})
    resolved = Resolver(scope, notes).value(given)
    deployment.asked = {}
    properties: Mapping[str, Any] = resolved if isinstance(resolved, dict) else {}
    doubted: tuple[Doubt, ...] = ()
    if isinstance(resolved, str) and carries_policies(names.kind):
        what = "its properties are not known, so it may hold any policy"
        doubted = (Doubt(path, "Properties", what),)
    where = f"{scope.prefix}Resources.{logical_id}"
    faults += [Fault(what, f"{where}.{place_of(node, written)}", mend) for what, node, mend in notes.faults]
    beside = {name: written[name] for name in _ATTRIBUTES if name in written}
    resource = Resource(path, names.kind, names.ref, names.arn, properties, beside)
    found = part(resource, compiler, scope.around)
    unresolved = [Unresolved(path, place_of(node, written), what) for what, node in notes.unknowns]
    unresolved += [each for each in found.unresolved if not (notes.unknowns and each.what == OPEN_TEXT)]
    return Entry(
        written, resource, asked, tuple(dict.fromkeys(unresolved)), found, names, scope.around, doubted
    )


def _absent(resource: Resource) -> Doubt:
    """Return what a nested stack may do whose template is not at hand."""
    what = "the template of the nested stack is not given here; it may add policies to what it is told of"
    given = resource.properties.get("Parameters", {})
    texts = [str(each) for each in given.values()] if isinstance(given, dict) else [UNKNOWN]
    reached = None if any(UNKNOWN in text for text in texts) else tuple(texts)
    return Doubt(resource.logical_id, "Properties.TemplateURL", what, reached)


def place_of(node: object, written: Any) -> str:
    """Return where a node stands below what holds it, such as ``Properties.Policies[0]``."""
    rest: list[tuple[str, Any]] = [("", written)]
    while rest:
        place, value = rest.pop()
        if value is node:
            return place.removeprefix(".")
        if isinstance(value, dict):
            rest += [(f"{place}.{key}", each) for key, each in reversed(value.items())]
        elif isinstance(value, list):
            rest += [(f"{place}[{number}]", each) for number, each in reversed(list(enumerate(value)))]
    return "Properties"
