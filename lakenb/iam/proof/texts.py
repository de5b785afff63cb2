"""Sets of texts given by several globs at once, and their classes with a text that people can read."""

from __future__ import annotations

from functools import lru_cache
from itertools import chain
from typing import TYPE_CHECKING, Final

from lakenb.iam.proof import actions
from lakenb.iam.proof.globs import Glob, contains, overlaps, partition, signature
from lakenb.iam.proof.machines import ANY, DIGIT, FIELD, NICE, NOTHING, Chain, Language

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

_MANY: Final = ("doc", "x", "xyz", "1")
_NAMED: Final = actions.FUTURE.lower()
_SOME_SERVICE: Final = "aservice"
_ACTION_LETTERS: Final = "xyzabcdefghijklmnopqrstuvw0123456789-_"
_ACTION_TEXT: Final = frozenset(_ACTION_LETTERS + ":")

# a service and a name, with a colon between
_ACTION: Final = (Chain((FIELD, ":", FIELD), (NOTHING, FIELD, NOTHING, FIELD)),)


@lru_cache(maxsize=64)
def universe(partition_name: str) -> Language:
    """Return every resource that a request may name: ``*``, and ARNs of the partition.

    An ARN's account is empty, twelve digits or ``aws`` (IAM User Guide, "Amazon Resource Names").
    """
    head: list[str | int] = [*f"arn:{partition_name}:", FIELD, ":"]
    loops = [*([NOTHING] * (len(head) - 1)), FIELD]
    return (
        _with(head, loops, []),
        _with(head, loops, [DIGIT] * 12),
        _with(head, loops, [*"aws"]),
        Chain(("*",), (NOTHING, NOTHING)),
    )


def _with(head: list[str | int], loops: list[int], account: Sequence[str | int]) -> Chain:
    steps = [*head, ":", *account, ":", ANY]
    rest = len(steps) - len(head)
    return Chain(tuple(steps), (*loops, FIELD, *([NOTHING] * (rest - 1)), ANY))


def met(globs: Iterable[Glob]) -> tuple[Glob, ...] | None:
    """Return globs whose common texts are those of all these, as few as can be; None where there is none."""
    kept: list[Glob] = []
    for each in dict.fromkeys(globs):
        if any(contains(each, other) for other in kept):
            continue
        if not all(overlaps(each, other) for other in kept):
            return None
        kept = [other for other in kept if not contains(other, each)]
        kept.append(each)
    return tuple(kept)


def telling(domain: Sequence[Glob], patterns: Iterable[Glob]) -> list[Glob]:
    """Return the patterns that read some of a domain's texts and not others, or not for certain."""
    first, *rest = domain
    return [
        each
        for each in dict.fromkeys(patterns)
        if not contains(each, first)
        and overlaps(each, first)
        and not any(contains(each, part) for part in rest)
        and all(overlaps(each, part) for part in rest)
    ]


def action_classes(
    domain: Sequence[Glob], patterns: Iterable[Glob], states: int, *, on_bucket: bool = False
) -> list[str]:
    """Return one action in lower case for each class, known ones first.

    Parameters
    ----------
    domain
        Globs that must all read it.
    patterns
        What tells classes apart.
    states
        As `lakenb.iam.proof.globs.partition` has it.
    on_bucket
        As `lakenb.iam.proof.actions.known` has it.
    """
    if len(domain) == 1 and domain[0].is_literal:
        return [domain[0].prefix]
    told = telling(domain, patterns)
    prefix = max((each.prefix for each in domain), key=len)
    names = (*actions.known(prefix, on_bucket=on_bucket), *_filled_actions(domain))
    candidates = (name for name in names if all(each.may_accept(name) for each in domain))
    if not told:
        found = next(candidates, None)
        if found is not None:
            return [found]
    parts = partition(
        told, [*(each.possible for each in domain), _ACTION],
        states=states, nice=_ACTION_LETTERS, only=_ACTION_TEXT,
    )  # fmt: skip
    named = _named(told, candidates, {(part.certain, part.possible): part.text for part in parts})
    return sorted(named, key=lambda name: name not in actions.KNOWN)


def _filled_actions(domain: Sequence[Glob]) -> Iterator[str]:
    """Yield readable names for actions that nobody knows today."""
    for each in domain:
        name = each.filled(_NAMED)
        service, colon, rest = name.partition(":")
        if not colon:
            yield f"{_SOME_SERVICE}:{name}"
        elif service and rest and ":" not in rest:
            yield name


def _named(told: Sequence[Glob], candidates: Iterable[str], found: dict[tuple[int, int], str]) -> list[str]:
    """Return the classes' texts, each replaced by the first candidate of its class."""
    left = dict(found)
    better: dict[tuple[int, int], str] = {}
    for name in candidates:
        if not left:
            break
        mark = signature(told, name)
        if mark in left:
            better[mark] = name
            del left[mark]
    return [better.get(mark, text) for mark, text in found.items()]


def resource_classes(  # noqa: PLR0917 - all that classes depend on
    domain: Sequence[Glob],
    patterns: Iterable[Glob],
    space: Language,
    fits: Callable[[str], bool],
    near: Callable[[str], Iterable[str]],
    states: int,
) -> list[str]:
    """Return one resource for each class.

    Parameters
    ----------
    domain
        Globs that must all read it.
    patterns
        What tells classes apart.
    space
        Every resource there is, from `universe`.
    fits
        Whether a text is a resource at all.
    near
        Readable texts that begin in a given way.
    states
        As `lakenb.iam.proof.globs.partition` has it.
    """
    if len(domain) == 1 and domain[0].is_literal:
        return [domain[0].prefix] if fits(domain[0].prefix) else []
    told = telling(domain, patterns)
    candidates = _candidates(domain, told, near, fits)
    if not told:
        found = next(candidates, None)
        if found is not None:
            return [found]
    parts = partition(told, [*(each.possible for each in domain), space], states=states, nice=NICE)
    return _named(told, candidates, {(part.certain, part.possible): part.text for part in parts})


def _candidates(
    domain: Sequence[Glob],
    told: Sequence[Glob],
    near: Callable[[str], Iterable[str]],
    fits: Callable[[str], bool],
) -> Iterator[str]:
    """Yield readable texts of a domain: what is near, and what globs say with words for their wildcards."""
    prefix = max((each.prefix for each in domain), key=len)
    filled = (each.filled(filling) for each in (*domain, *told) for filling in _MANY)
    for text in chain(near(prefix), filled):
        if all(each.may_accept(text) for each in domain) and fits(text):
            yield text
