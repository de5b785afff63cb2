"""What became of every input: trees of documents, as values and as text."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote

from lakenb.records.tables import printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from lakenb.records.run import Document, Failure, Filtered

_CHILDREN_SHOWN = 6


@dataclass(frozen=True, slots=True)
class Branch:
    """A document, a failure or a filtered event, and what came of it.

    Parameters
    ----------
    node
        Where it was made, failed, or was held back.
    label
        One line of text.
    url
        The document's URL.
    children
        What was made from it.
    """

    node: str
    label: str
    url: str
    children: tuple[Branch, ...] = ()


@dataclass(frozen=True, slots=True)
class Lineage:
    """The trees of a run, one for each input.

    Parameters
    ----------
    roots
        One branch for each input document.
    """

    roots: tuple[Branch, ...]

    def text(self, most: int | None = _CHILDREN_SHOWN) -> str:
        """Return the trees as text; of many like children so many are shown, and the rest counted.

        Parameters
        ----------
        most
            Children shown under one document; None shows all.
        """
        return "\n".join(line for root in self.roots for line in _lines(root, most))

    def digest(self) -> str:
        """Return one line for each input: how many documents each node made of it, and what failed."""
        return "\n".join(" · ".join((root.label, *_counted(root))) for root in self.roots)

    def __repr__(self) -> str:
        """Return the trees as text."""
        return self.text() or "no documents"


def lineage(
    documents: Sequence[Document],
    failures: Sequence[Failure],
    filtered: Sequence[Filtered],
    names: Mapping[str, str],
) -> Lineage:
    """Return the trees of a run.

    Parameters
    ----------
    documents, failures, filtered
        What was observed.
    names
        For each input's URL the name that the user gave it.
    """
    children: dict[str, list[Document]] = defaultdict(list)
    for document in documents:
        children[document.parent].append(document)
    failed: dict[str, list[Failure]] = defaultdict(list)
    for failure in failures:
        failed[failure.event].append(failure)
    held: dict[str, list[Filtered]] = defaultdict(list)
    for one in filtered:
        held[one.event].append(one)

    def grow(document: Document) -> Branch:
        # as deep as the pipeline, since ids never form a cycle
        below = (
            [grow(child) for child in sorted(children[document.event], key=_place)] if document.event else []
        )
        below += [_failure(failure) for failure in sorted(failed.pop(document.event, []))]
        if consumers := sorted({one.consumer for one in held[document.event]}):
            below.append(Branch(", ".join(consumers), _held_back(consumers), document.url))
        return Branch(document.node, _label(document, names), document.url, tuple(below))

    events = {document.event for document in documents}
    roots = [grow(document) for document in sorted(documents, key=_place) if document.parent not in events]
    # what failed before any event was made stands for itself
    roots += [_failure(failure, names) for event in sorted(failed) for failure in sorted(failed[event])]
    return Lineage(tuple(roots))


def _place(document: Document) -> tuple[str, str, str]:
    return document.node, document.url.rpartition("/")[2], document.url


def _label(document: Document, names: Mapping[str, str]) -> str:
    name = names.get(document.url) or unquote(document.url.rpartition("/")[2])
    size = "" if document.size is None else f", {_bytes(document.size)}"
    return printable(f"{document.node}: {name} ({document.type}{size})")


def _failure(failure: Failure, names: Mapping[str, str] | None = None) -> Branch:
    name = (names or {}).get(failure.url, "")
    subject = f" {name}" if name else ""
    label = printable(f"✗ {failure.node}:{subject} {failure.kind}: {failure.reason}")
    return Branch(failure.node, label, failure.url)


def _counted(root: Branch) -> Iterator[str]:
    made: Counter[str] = Counter()
    failed: list[str] = []
    held: set[str] = set()
    stack = list(root.children)
    while stack:
        branch = stack.pop()
        if branch.label.startswith("✗"):
            failed.append(branch.label)
        elif branch.label.startswith("∅"):
            held.update(branch.node.split(", "))
        else:
            made[branch.node] += 1
        stack.extend(reversed(branch.children))
    yield from (f"{node} {count}" for node, count in made.items())
    yield from failed
    if (
        held and not made and not failed
    ):  # where documents branch, a filter holds back what another lets through
        yield _held_back(sorted(held))


def _held_back(consumers: Sequence[str]) -> str:
    return f"∅ held back by the filter{'' if len(consumers) == 1 else 's'} of {', '.join(consumers)}"


def _bytes(size: int) -> str:
    for unit, factor in (("MB", 10**6), ("kB", 10**3)):
        if size >= factor:
            return f"{size / factor:.1f} {unit}"
    return f"{size} B"


def _lines(
    branch: Branch, most: int | None, indent: str = "", joint: str = "", below: str = ""
) -> Iterator[str]:
    yield f"{indent}{joint}{branch.label}"
    shown = branch.children if most is None else branch.children[:most]
    hidden = len(branch.children) - len(shown)
    for index, child in enumerate(shown):
        last = index == len(shown) - 1 and not hidden
        yield from _lines(child, most, indent + below, "└─ " if last else "├─ ", "   " if last else "│  ")
    if hidden:
        yield f"{indent}{below}└─ … and {hidden} more"
