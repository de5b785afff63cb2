"""The values of one context key, one for each class that conditions tell apart."""

from __future__ import annotations

import base64
import binascii
import ipaddress
import itertools
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import MethodType
from typing import TYPE_CHECKING, Final

from lakenb.iam.conditions import Quantifier
from lakenb.iam.operators import moment, number, truth_value
from lakenb.iam.patterns import Kind, Pattern
from lakenb.iam.proof.globs import Fill, Glob, glob, of_pattern, partition, signature
from lakenb.iam.proof.machines import ANY, NICE, NOTHING, Chain

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from lakenb.iam.conditions import Condition
    from lakenb.iam.proof.keys import Values

_MOST_SUBSETS: Final = 7  # 127 of them
_AT_ONCE: Final = 2
_NOT_EMPTY: Final = (Chain((ANY,), (NOTHING, ANY)),)
_NO_DIGITS: Final = "".join(letter for letter in NICE if not letter.isdigit())
_V4, _V6 = 32, 128


@dataclass(slots=True)
class Tests:
    """What policies compare one key with.

    Parameters
    ----------
    globs
        Texts with wildcards.
    families
        Which types of values the operators want.
    marks
        Numbers, seconds, addresses where an answer changes.
    is_set
        Whether an operator asks for all or any of several values.
    has_all
        Whether one asks for all.
    is_exact
        Whether the classes are known exactly.
    """

    globs: list[Glob] = field(default_factory=list)
    families: set[str] = field(default_factory=set)
    marks: set[tuple[int, Decimal]] = field(default_factory=set)
    literals: set[str] = field(default_factory=set)
    is_set: bool = False
    has_all: bool = False
    is_exact: bool = True

    def add(self, condition: Condition, fill: Fill) -> None:
        """Take in one condition on the key."""
        if condition.absent is not None or not condition.is_known:
            return
        self.is_set |= condition.quantifier is not Quantifier.THE_ONE
        self.has_all |= condition.quantifier is Quantifier.ALL
        base = condition.operator.removeprefix(condition.quantifier.value)
        for value, compare in zip(condition.values, condition.comparisons, strict=True):
            if isinstance(compare, MethodType) and isinstance(compare.__self__, Pattern):
                self.families.add("text")
                self.add_glob(of_pattern(compare.__self__, fill))
            else:
                self._typed(base, value)

    def add_glob(self, each: Glob) -> None:
        """Take in one text with wildcards."""
        if each.is_literal:
            self.literals.add(each.prefix)
        if each.text.startswith("\0"):
            return
        self.globs.append(each)

    def _typed(self, base: str, value: str) -> None:
        if base.startswith("Bool"):
            self.families.add("bool")
        elif base.startswith("Numeric"):
            self.families.add("number")
            self.marks.add((0, number(value)))
        elif base.startswith("Date"):
            self.families.add("date")
            self.marks.add((0, moment(value)))
        elif "IpAddress" in base:
            self.families.add("address")
            network = ipaddress.ip_network(value, strict=False)
            first, last = int(network.network_address), int(network.broadcast_address)
            self.marks |= {(network.version, Decimal(first)), (network.version, Decimal(last) + 1)}
        else:
            self.families.add("binary")
            self.literals.add(value)


def values(key: str, tests: Tests, within: Sequence[Glob], hints: Iterable[str], states: int) -> list[str]:
    """Return one value for each class that the tests tell apart, within one of the globs if there are any."""
    families = tests.families
    if "bool" in families or not families:
        found = ["true", "false"] if "bool" in families else _texts(tests, hints, states)
        if "text" in families:
            found += [text for text in sorted(tests.literals) if _is_truth(text) and text not in found]
    elif families <= {"text"}:
        found = _texts(tests, hints, states)
    else:
        found = list(_typed(key, tests, families))
        found += [text for text in sorted(tests.literals) if text not in found and _reads(text, families)]
        tests.is_exact &= all(each.is_literal for each in tests.globs)
    return [text for text in found if not within or any(each.may_accept(text) for each in within)]


def _texts(tests: Tests, hints: Iterable[str], states: int) -> list[str]:
    parts = partition(tests.globs, [_NOT_EMPTY], states=states, nice=_NO_DIGITS)
    better: dict[tuple[int, int], str] = {}
    for hint in hints:
        better.setdefault(signature(tests.globs, hint), hint)
    found = [better.get((part.certain, part.possible), part.text) for part in parts]
    empty = signature(tests.globs, "")
    if tests.has_all or all(empty != (part.certain, part.possible) for part in parts):
        found.append("")
    return found


def several(key_values: list[str], *, is_multivalued: bool) -> tuple[list[Values], bool]:
    """Return the values as a request may carry them, and whether these are all.

    One value; where a key may have several any of them, but of very many no more than two at once.
    """
    if not is_multivalued:
        return [(text,) for text in key_values], True
    is_whole = len(key_values) <= _MOST_SUBSETS
    most = len(key_values) if is_whole else _AT_ONCE
    sizes = range(1, most + 1)
    return [chosen for size in sizes for chosen in itertools.combinations(key_values, size)], is_whole


def _is_truth(text: str) -> bool:
    try:
        truth_value(text)
    except ValueError:
        return False
    return True


def _reads(text: str, families: set[str]) -> bool:
    """Return whether a text is a value of every type that operators want of it."""
    try:
        if "number" in families:
            number(text)
        if "date" in families:
            moment(text)
        if "address" in families:
            ipaddress.ip_address(text)
        if "binary" in families:
            base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        return False
    return True


def _typed(key: str, tests: Tests, families: set[str]) -> Iterator[str]:
    if "address" in families:
        yield from _addresses(tests)
    elif "date" in families:
        yield from (_shown_date(each) for each in _between(tests.marks))
    elif "number" in families:
        hints = _TLS if key == "s3:tlsversion" else ()
        yield from (_shown_number(each, hints, tests) for each in _between(tests.marks))
    elif "binary" in families:
        yield next(text for text in ("eA==", "eHg=", "eHh4") if text not in tests.literals)


_TLS: Final = tuple(map(Decimal, ("1.3", "1.1", "1.0", "1.2")))


def _between(marks: set[tuple[int, Decimal]]) -> list[Decimal]:
    """Return every mark, and one number below, between and above."""
    points = sorted({point for _, point in marks})
    if not points:
        return [Decimal(0)]
    found = [points[0] - 1]
    for point, following in zip(points, [*points[1:], points[-1] + 2], strict=True):
        found += [point, (point + following) / 2]
    return found


def _shown_number(value: Decimal, hints: tuple[Decimal, ...], tests: Tests) -> str:
    points = sorted({point for _, point in tests.marks})
    side = [(value > point) - (value < point) for point in points]
    for hint in hints:
        if [(hint > point) - (hint < point) for point in points] == side:
            return str(hint)
    return format(value, "f")


def _shown_date(value: Decimal) -> str:
    at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(
        seconds=int(value // 1), microseconds=int(value % 1 * 10**6)
    )
    return at.strftime("%Y-%m-%dT%H:%M:%S") + (f".{at.microsecond:06d}" if at.microsecond else "") + "Z"


def _addresses(tests: Tests) -> Iterator[str]:
    for version, bits, nice in ((4, _V4, "203.0.113.7"), (6, _V6, "2001:db8::7")):
        points = sorted({int(point) for kind, point in tests.marks if kind == version})
        edges = [0, *[point for point in points if 0 < point < 2**bits]]
        like = int(ipaddress.ip_address(nice))
        for low, high in zip(edges, [*edges[1:], 2**bits], strict=True):
            shown = like if low <= like < high else low + min(7, high - low - 1)
            yield str(ipaddress.IPv4Address(shown) if version == 4 else ipaddress.IPv6Address(shown))  # noqa: PLR2004 - the version of IP


def plain(text: str) -> Glob:
    """Return a text of a shape's context: wildcards, and ``${*}`` for the letter itself."""
    return glob(text, Kind.LIKE)
