"""Sets of texts that globs describe, for the checker: inclusion, and the classes that they fall into.

The checker shares no line with the prover, so this is a second construction of the same mathematics: a
glob is a chain of items, a set of chains is an automaton without being built, and inclusion is decided by
the antichain method (De Wulf, Doyen, Henzinger, Raskin, "Antichains", CAV 2006) instead of a product.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from itertools import product
from typing import TYPE_CHECKING, Final

from lakenb.iam.patterns import Kind, Pattern, Variable, Wild

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

_FIELDS: Final = 5
STATES: Final = 20_000
"""How many states are looked at before a question counts as too large."""
_DIGITS: Final = "0123456789"


class TooLargeError(Exception):
    """More states than the checker looks at: nothing is known, so nothing is accepted."""


class Letters(Enum):
    """What a wildcard may stand for."""

    ANY = "any letter"
    FIELD = "any letter but a colon: within a field of an ARN"
    DIGIT = "a digit"


@dataclass(frozen=True, slots=True)
class Some:
    """A wildcard: one letter, or any number of them."""

    letters: Letters
    is_many: bool


Item = str | Some
"""A literal is the letters that may stand at one place: ``"a"``, or ``"aA"`` where case does not count."""

Chain = tuple[Item, ...]

MANY: Final = Some(Letters.ANY, is_many=True)
ONE: Final = Some(Letters.ANY, is_many=False)
FIELD: Final = Some(Letters.FIELD, is_many=True)
DIGIT: Final = Some(Letters.DIGIT, is_many=False)
EVERYTHING: Final[Chain] = (MANY,)


@dataclass(frozen=True, slots=True)
class Reading:
    """What a pattern covers for certain, and what it may cover.

    Parameters
    ----------
    certain
        None where it covers nothing for certain.
    possible
        At least as much.
    is_open
        Whether a variable whose value is not known was taken for anything.
    """

    certain: Chain | None
    possible: Chain
    is_open: bool = False


def literal(text: str) -> Chain:
    """Return the chain of one text."""
    return tuple(text)


def glob(text: str) -> Chain:
    """Return the chain of a text in which ``*`` and ``?`` are wildcards, wherever they stand."""
    return tuple(MANY if letter == "*" else ONE if letter == "?" else letter for letter in text)


def reading(pattern: Pattern, filled: Callable[[str], str | None]) -> Reading:
    """Return what a pattern covers.

    Parameters
    ----------
    pattern
        Of a policy or of an obligation.
    filled
        The one value of a context key; None where it is not fixed by who asks.
    """
    pieces: list[str | Wild] = []
    is_open = False
    for piece in pattern.pieces:
        if isinstance(piece, Variable):
            value = filled(piece.key)
            is_open = is_open or value is None
            pieces.extend([Wild.UNKNOWN] if value is None else value)
        else:
            pieces.extend([piece] if isinstance(piece, Wild) else piece)
    whole = tuple(pieces)
    if Wild.UNKNOWN in whole:
        return Reading(None, _plain(whole, pattern.kind), is_open)
    return Reading(_certain(whole, pattern.kind), _possible(whole, pattern.kind))


def _is_arn(pieces: Sequence[str | Wild], kind: Kind) -> bool:
    return kind in {Kind.RESOURCE, Kind.ARN} and pieces[:4] == tuple("arn:")


def _possible(pieces: tuple[str | Wild, ...], kind: Kind) -> Chain:
    """Return the reading in which a ``*`` at a field's end runs on; elsewhere the certain one.

    IAM User Guide, "Resource"; S3 User Guide, "Policy resources".
    """
    if _is_arn(pieces, kind) and not any(_ends_a_field(pieces)):
        return _certain(pieces, kind)
    return _plain(pieces, kind)


def _ends_a_field(pieces: tuple[str | Wild, ...]) -> Iterator[bool]:
    colons = 0
    for place, piece in enumerate(pieces):
        following = pieces[place + 1] if place + 1 < len(pieces) else ":"
        colons += piece == ":"
        if colons < _FIELDS and piece is Wild.MANY:
            yield following == ":"


def _plain(pieces: Iterable[str | Wild], kind: Kind) -> Chain:
    is_folded = kind is Kind.ANY_CASE
    return tuple(
        MANY
        if piece in {Wild.MANY, Wild.UNKNOWN}
        else ONE
        if piece is Wild.ONE
        else _either(str(piece), is_folded=is_folded)
        for piece in pieces
    )


def _either(letter: str, *, is_folded: bool) -> str:
    return "".join(sorted({letter, letter.lower(), letter.upper()})) if is_folded else letter


def _certain(pieces: tuple[str | Wild, ...], kind: Kind) -> Chain:
    """Return the reading in which wildcards of the first five fields of an ARN stay in their field."""
    if not _is_arn(pieces, kind):
        return _plain(pieces, kind)
    colons = 0
    chain: list[Item] = []
    for place, piece in enumerate(pieces):
        is_last = place == len(pieces) - 1 and kind is Kind.RESOURCE
        within = Letters.FIELD if colons < _FIELDS and not is_last else Letters.ANY
        if isinstance(piece, Wild):
            chain.append(Some(within, is_many=piece is Wild.MANY))
        else:
            colons += piece == ":"
            chain.append(piece)
    return tuple(chain)


@lru_cache(maxsize=65_536)
def prefix(chain: Chain) -> str:
    """Return the letters that every text of a chain begins with."""
    found = []
    for item in chain:
        if not isinstance(item, str) or len(item) > 1:
            break
        found.append(item)
    return "".join(found)


# --- automata -------------------------------------------------------------------------------------------

_Place = tuple[int, int]
"""A chain by its number, and how much of it is behind."""


class _Chains:
    """Chains by number, with where each goes on without a letter: a ``*`` may stand for nothing."""

    def __init__(self, chains: Sequence[Chain]) -> None:
        self.chains = chains
        self.closed = [_closures(chain) for chain in chains]
        self.ends = {(number, len(chain)) for number, chain in enumerate(chains)}
        self.covering = {
            (number, len(chain) - 1) for number, chain in enumerate(chains) if chain[-1:] == EVERYTHING
        }

    def starts(self, numbers: Iterable[int]) -> list[_Place]:
        return [(number, place) for number in numbers for place in self.closed[number][0]]

    def after(self, at: _Place, letter: str) -> list[_Place]:
        """Return where a chain stands after a letter; nowhere where it does not take it."""
        number, place = at
        chain = self.chains[number]
        if place == len(chain):
            return []
        item = chain[place]
        if isinstance(item, str):
            return [(number, to) for to in self.closed[number][place + 1]] if letter in item else []
        if not _takes(item.letters, letter):
            return []
        return [(number, to) for to in self.closed[number][place if item.is_many else place + 1]]

    def told_apart(self, state: Iterable[_Place], alphabet: Alphabet) -> list[str]:
        chains = self.chains
        return alphabet.told_apart(
            {chains[number][place] for number, place in state if place < len(chains[number])}
        )


@lru_cache(maxsize=16_384)
def _closures(chain: Chain) -> tuple[tuple[int, ...], ...]:
    found: list[tuple[int, ...]] = [(len(chain),)]
    for place in range(len(chain) - 1, -1, -1):
        item = chain[place]
        skips = isinstance(item, Some) and item.is_many
        found.append((place, *found[-1]) if skips else (place,))
    return tuple(reversed(found))


def _takes(letters: Letters, letter: str) -> bool:
    match letters:
        case Letters.ANY:
            return True
        case Letters.FIELD:
            return letter != ":"
        case Letters.DIGIT:
            return letter in _DIGITS


@dataclass(frozen=True, slots=True)
class Alphabet:
    """The letters of a kind of text.

    Parameters
    ----------
    others
        What stands for every letter that no glob names, the first of them that is free; digits last.
    is_closed
        Whether there are no other letters than these and the colon.
    """

    others: str
    is_closed: bool = False

    def told_apart(self, items: Iterable[Item]) -> list[str]:
        """Return one letter for each way in which the items can take or refuse one."""
        letters: set[str] = set()
        has_digits = False
        for item in items:
            if isinstance(item, str):
                letters.update(item)
            elif item.letters is Letters.FIELD:
                letters.add(":")
            elif item.letters is Letters.DIGIT:
                has_digits = True
        if has_digits:
            letters.update([each for each in _DIGITS if each not in letters][:1])
        if self.is_closed:
            letters = {each for each in letters if each == ":" or each in self.others}
        other = next((each for each in self.others if each not in letters), None)
        if other is not None:
            letters.add(other)
        elif not self.is_closed:
            raise TooLargeError("more letters than the checker has")
        return sorted(letters)


_GREEK: Final = "".join(map(chr, range(0x3B1, 0x3C9)))
TEXTS: Final = Alphabet("xyzwvutsrqponmlkjihgfedcbaXYZWVUTSRQPONMLKJIHGFEDCBA0123456789-_/.,=+@#~" + _GREEK)
ACTION_NAMES: Final = Alphabet("xyzwvutsrqponmlkjihgfedcba0123456789-_", is_closed=True)


def outside(
    groups: Sequence[Sequence[Chain]],
    cover: Sequence[Chain],
    alphabet: Alphabet = TEXTS,
    *,
    states: int = STATES,
) -> str | None:
    """Return a shortest text that a chain of each group takes and no chain of the cover; None: there is none.

    Left of the inclusion the automaton stays nondeterministic: a state is one place for each group. Right of
    it stands the set of all places. A pair is passed over where one with the same left and a smaller right
    was met: what escapes the larger set escapes the smaller, too.

    Examples
    --------
    >>> outside([[glob("in/*")]], [glob("in/*"), glob("out/*")]) is None
    True
    >>> outside([[glob("*a*")]], [glob("a*"), glob("*a")])
    'xax'
    """
    automaton = _Chains([*(chain for group in groups for chain in group), *cover])
    first = 0
    starts: list[list[_Place]] = []
    for group in groups:
        starts.append(automaton.starts(range(first, first + len(group))))
        first += len(group)
    right = frozenset(automaton.starts(range(first, first + len(cover))))
    queue = deque((left, right, "") for left in product(*starts))
    met: dict[tuple[_Place, ...], list[frozenset[_Place]]] = {}
    seen = 0
    while queue:
        left, right, text = queue.popleft()
        smaller = met.setdefault(left, [])
        if not automaton.covering.isdisjoint(right) or any(known <= right for known in smaller):
            continue
        smaller[:] = [known for known in smaller if not right <= known]
        smaller.append(right)
        seen += 1
        if seen > states:
            raise TooLargeError("too many states")
        if automaton.ends.issuperset(left) and automaton.ends.isdisjoint(right):
            return text
        for letter in automaton.told_apart({*left, *right}, alphabet):
            after = [automaton.after(at, letter) for at in left]
            if all(after):
                covered = frozenset(to for at in right for to in automaton.after(at, letter))
                queue.extend((following, covered, text + letter) for following in product(*after))
    return None


def classes(
    chains: Collection[Chain],
    groups: Sequence[Sequence[Chain]],
    alphabet: Alphabet = TEXTS,
    *,
    states: int = STATES,
) -> dict[frozenset[Chain], str]:
    """Return which chains can take a text together, and a shortest text for each such set.

    Parameters
    ----------
    chains
        What is to be told apart.
    groups
        Only texts that a chain of each group takes.

    Examples
    --------
    >>> sorted(classes([glob("a*"), glob("*b")], [[glob("??")]]).values())
    ['ab', 'ax', 'bb', 'bx']
    """
    every = list(dict.fromkeys([*chains, *(chain for group in groups for chain in group)]))
    watched = frozenset(chains)
    number = {chain: place for place, chain in enumerate(every)}
    wanted = [{number[chain] for chain in group} for group in groups]
    automaton = _Chains(every)
    start = frozenset(automaton.starts(range(len(every))))
    queue = deque([(start, "")])
    met = {start}
    found: dict[frozenset[Chain], str] = {}
    while queue:
        state, text = queue.popleft()
        ended = {chain for chain, _ in state & automaton.ends}
        if all(ended & group for group in wanted):
            found.setdefault(watched.intersection(every[chain] for chain in ended), text)
        for letter in automaton.told_apart(state, alphabet):
            after = frozenset(to for at in state for to in automaton.after(at, letter))
            if after in met:
                continue
            alive = {chain for chain, _ in after}
            if all(not alive.isdisjoint(group) for group in wanted):
                met.add(after)
                queue.append((after, text + letter))
                if len(met) > states:
                    raise TooLargeError("too many states")
    return found
