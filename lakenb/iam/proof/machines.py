"""Languages as chains of letters and loops, run at once over a text as the bits of one number.

A set of chains is an automaton whose states are numbers, a bit for each place that a chain can be at. The
states of a product are found breadth first as they are reached, so that the first text of a class is one of
its shortest.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

# What a step reads and what a loop lets pass, where it is no set of letters.
ANY: Final = 0
FIELD: Final = 1  # anything but a colon
DIGIT: Final = 2
NOTHING: Final = 3

Step = str | int
NICE: Final = "xyzabcdefghijklmnopqrstuvw0123456789-_./XYZABCDEFGHIJKLMNOPQRSTUVW"
_DIGITS: Final = "9876543210"
_FIRST_OTHER: Final = (
    0xE9  # letters from here stand for all that no policy names, where all nice ones are taken
)
_LAST_OTHER: Final = 0x10000


class TooManyStatesError(Exception):
    """The globs cut the texts into more pieces than were allowed."""


@dataclass(frozen=True, slots=True, eq=False)
class Chain:
    """Letters in turn, with loops before each and at the end.

    Parameters
    ----------
    steps
        Each a text of the letters that it reads, or one of the constants.
    loops
        One more than steps.
    """

    steps: tuple[Step, ...]
    loops: tuple[int, ...]


Language = tuple[Chain, ...]
"""Texts that one of the chains reads."""


class Machine:
    """Several languages run at once over a text."""

    def __init__(self, languages: Sequence[Language]) -> None:
        self.start: int = 0
        self.accepting: list[int] = []
        self.places: list[int] = []
        self._literal: dict[str, int] = {}
        self._letters: list[str] = []
        self._steps = [0, 0, 0]
        self._loops = [0, 0, 0, 0]
        self._moves: dict[str, tuple[int, int]] = {}
        at = 0
        for chains in languages:
            accepting = places = 0
            for chain in chains:
                self.start |= 1 << at
                places |= ((1 << len(chain.loops)) - 1) << at
                self._add(chain, at)
                at += len(chain.loops)
                accepting |= 1 << (at - 1)
            self.accepting.append(accepting)
            self.places.append(places)
        self._by_letter = 0
        for places in self._literal.values():
            self._by_letter |= places

    def _add(self, chain: Chain, at: int) -> None:
        for place, step in enumerate(chain.steps, at):
            if isinstance(step, int):
                self._steps[step] |= 1 << place
                self._letters.append("")
                continue
            self._letters.append(step)
            for letter in step:
                self._literal[letter] = self._literal.get(letter, 0) | (1 << place)
        self._letters.append("")
        for place, loop in enumerate(chain.loops, at):
            self._loops[loop] |= 1 << place

    def step(self, state: int, letter: str) -> int:
        """Return where everything is after one more letter."""
        moves = self._moves.get(letter)
        if moves is None:
            onwards, stays = self._steps[ANY] | self._literal.get(letter, 0), self._loops[ANY]
            if letter != ":":
                onwards |= self._steps[FIELD]
                stays |= self._loops[FIELD]
            if letter in _DIGITS:
                onwards |= self._steps[DIGIT]
            moves = self._moves[letter] = onwards, stays
        return ((state & moves[0]) << 1) | (state & moves[1])

    def read(self, text: str) -> int:
        """Return where everything is after a text."""
        state = self.start
        for letter in text:
            state = self.step(state, letter)
            if not state:
                break
        return state

    @property
    def named(self) -> frozenset[str]:
        """Every letter that a step names."""
        return frozenset(self._literal)

    def letters(self, state: int, nice: str, others: str) -> Iterator[str]:
        """Yield one letter of each sort that a state tells apart.

        Letters that no active step names behave alike, but for the colon and the digits.
        """
        wanted: set[str] = set()
        rest = state & self._by_letter
        while rest:
            lowest = rest & -rest
            wanted.update(self._letters[lowest.bit_length() - 1])
            rest ^= lowest
        if state & (self._steps[FIELD] | self._loops[FIELD]):
            wanted.add(":")
        digits = state & self._steps[DIGIT]
        for letter in nice:
            if letter not in wanted and not (digits and letter in _DIGITS):
                yield letter
                break
        else:
            yield from (letter for letter in others if letter not in wanted)
        if digits:
            yield from [digit for digit in _DIGITS if digit not in wanted][:1]
        yield from sorted(wanted)


def reads(chains: Language, text: str) -> bool:
    """Return whether one of the chains reads a text."""
    machine = _machine(chains)
    return bool(machine.read(text) & machine.accepting[0])


@lru_cache(maxsize=4096)
def _machine(chains: Language) -> Machine:
    return Machine([chains])


def walk(
    machine: Machine, within: int, states: int, nice: str, *, only: frozenset[str] | None = None
) -> Iterator[tuple[int, str]]:
    """Yield every state in which all of the first languages accept, with a shortest text, breadth first.

    A state from which one of these languages can read nothing any more is left.
    """
    alive = machine.places[:within]
    accepting = machine.accepting[:within]
    seen = {machine.start}
    waiting = deque([(machine.start, "")])
    others = "" if only is not None else _fresh(machine)
    while waiting:
        state, text = waiting.popleft()
        if all(state & mask for mask in accepting):
            yield state, text
        for letter in machine.letters(state, nice, others):
            if only is not None and letter not in only:
                continue
            following = machine.step(state, letter)
            if following in seen or not all(following & mask for mask in alive):
                continue
            if len(seen) >= states:
                raise TooManyStatesError
            seen.add(following)
            waiting.append((following, text + letter))


def _fresh(machine: Machine) -> str:
    named = machine.named
    for code in range(_FIRST_OTHER, _LAST_OTHER):
        if chr(code) not in named:
            return chr(code)
    raise TooManyStatesError
