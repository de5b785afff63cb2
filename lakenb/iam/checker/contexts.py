"""Which contexts a request can carry, for the checker: one of each sort that the conditions tell apart.

What can be carried at all stands in `facts`; here is what goes together.
"""

from __future__ import annotations

import base64
import ipaddress
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import Enum
from itertools import combinations, pairwise, product
from typing import TYPE_CHECKING, Final

from lakenb.iam.checker.facts import ALWAYS, TRUE_OR_FALSE, can_carry, can_have_several, fixed
from lakenb.iam.checker.languages import (
    DIGIT,
    FIELD,
    MANY,
    ONE,
    Chain,
    TooLargeError,
    classes,
    literal,
    reading,
)
from lakenb.iam.conditions import Condition, Quantifier
from lakenb.iam.operators import moment, number
from lakenb.iam.patterns import Pattern
from lakenb.iam.requests import Request

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from lakenb.iam.requests import Request
    from lakenb.iam.stacks.world import Endpoint

Carried = dict[str, tuple[str, ...]]

_MOST: Final = 20_000
_MOST_TOGETHER: Final = 8
_TWELVE: Final[Chain] = (DIGIT,) * 12
_NOT_EMPTY: Final[Chain] = (ONE, MANY)


class NotCheckedError(Exception):
    """Something that the checker does not take apart: what rests on it is not accepted."""


class _Sort(Enum):
    TEXT = "texts"
    NUMBER = "numbers"
    MOMENT = "moments"
    TRUTH = "truth values"
    ADDRESS = "addresses"
    BYTES = "bytes"


@dataclass(frozen=True, slots=True)
class Asked:
    """What is told apart of contexts, for one action on one resource.

    Parameters
    ----------
    request
        Who asks for what; its context is empty.
    conditions
        Of the statements that are about it.
    required
        The zone's keys: each is carried, with values that fit a pattern.
    wanted
        Pairs of a key and a pattern, of the needs.
    is_exact
        Whether the request carries the zone's keys and no other.
    endpoints
        The template's: their VPCs are known.
    """

    request: Request
    conditions: tuple[Condition, ...]
    required: Mapping[str, tuple[Pattern, ...]]
    wanted: tuple[tuple[str, Pattern], ...]
    is_exact: bool
    endpoints: tuple[Endpoint, ...] = ()


def contexts(asked: Asked) -> Iterator[Carried]:
    """Yield a context for every sort that the conditions, the zone and the needs tell apart.

    Raises
    ------
    NotCheckedError, TooLargeError
        If it cannot be known that these are all.
    """
    told = {each.name for each in asked.conditions} | {key for key, _ in asked.wanted} | set(asked.required)
    free = sorted(key for key in told if asked.request.values(key) is None)
    if {"aws:currenttime", "aws:epochtime"}.issubset(free):
        raise NotCheckedError("conditions on aws:CurrentTime and on aws:EpochTime stand together")
    options = [_options(key, asked) for key in free]
    count = 1
    for each in options:
        count *= len(each)
    if count > _MOST:
        raise TooLargeError(f"{count} contexts to look at, over {', '.join(free)}")
    for chosen in product(*options):
        drawn = dict(zip(free, chosen, strict=True))
        if _is_possible(drawn, asked):
            carried = {key: values for key, values in drawn.items() if values is not None}
            if fits(asked.required, replace(asked.request, context=carried).values):
                yield carried


def fits(
    required: Mapping[str, tuple[Pattern, ...]], values: Callable[[str], tuple[str, ...] | None]
) -> bool:
    """Return whether every key is carried, and every value of it fits one of the key's patterns."""
    for key, patterns in required.items():
        found = values(key)
        if not found or not all(any(each.matches(value, values) for each in patterns) for value in found):
            return False
    return True


def _options(key: str, asked: Asked) -> list[tuple[str, ...] | None]:
    """Return what a request may carry for a key; None: nothing."""
    is_required = key in asked.required
    if not asked.is_exact and not can_carry(key, asked.request):
        return [] if is_required else [None]  # what the zone wants carried, no such request carries
    if not is_required and asked.is_exact:
        return [None]
    on_key = [each for each in asked.conditions if each.name == key and each.is_known]
    follows = None if asked.is_exact else fixed(key, asked.request)
    singles = _values(key, on_key, asked) if follows is None else [follows]
    found: list[tuple[str, ...] | None] = [(value,) for value in singles]
    several = can_have_several(key)
    if several is None:
        several = any(each.quantifier is not Quantifier.THE_ONE for each in on_key)
    if several and not asked.is_exact:
        if len(singles) > _MOST_TOGETHER:
            raise TooLargeError(f"{len(singles)} sorts of values of {key}, of which several come together")
        for size in range(2, len(singles) + 1):
            found.extend(combinations(singles, size))
    if not is_required and key not in ALWAYS and follows is None:
        found.append(None)
    return found


# --- one key --------------------------------------------------------------------------------------------


def _values(key: str, conditions: Sequence[Condition], asked: Asked) -> list[str]:
    """Return a value of every sort that is told apart."""
    patterns = [*asked.required.get(key, ()), *(each for name, each in asked.wanted if name == key)]
    sorts = {_sort(each.operator) for each in conditions if each.absent is None}
    if key in TRUE_OR_FALSE or _Sort.TRUTH in sorts:
        return ["false", "true"]
    sorts.discard(_Sort.TEXT)
    texts = [*patterns, *(each for one in conditions for each in _patterns(one))]
    if not sorts:
        return _texts(key, texts, asked)
    if len(sorts) > 1:
        read = " and as ".join(sorted(each.value for each in sorts))
        raise NotCheckedError(f"conditions read {key} as {read}")
    named = []
    for each in texts:
        if any(not isinstance(piece, str) for piece in each.pieces):
            raise NotCheckedError(f"{key} is compared both in its order and with the text {each.source!r}")
        named.append("".join(map(str, each.pieces)))
    written = [value for each in conditions for value in each.values if each.absent is None]
    match sorts.pop():
        case _Sort.NUMBER:
            return _ordered([number(value) for value in [*written, *named]])
        case _Sort.MOMENT:
            return _ordered([moment(value) for value in [*written, *named]])
        case _Sort.ADDRESS:
            return sorted({*_addresses(written), *named})
        case _:
            other = base64.b64encode(b"".join(map(str.encode, written)) + b"x").decode()
            return sorted({*written, *named, other})


def _sort(operator: str) -> _Sort:
    base = operator.rpartition(":")[2].removesuffix("IfExists").removeprefix("Not")
    for start, sort in (
        ("Numeric", _Sort.NUMBER),
        ("Date", _Sort.MOMENT),
        ("Bool", _Sort.TRUTH),
        ("Ip", _Sort.ADDRESS),
        ("Binary", _Sort.BYTES),
    ):
        if base.startswith(start):
            return sort
    return _Sort.TEXT


def _patterns(condition: Condition) -> Iterator[Pattern]:
    """Yield the compiled texts of a condition: its comparisons are methods of theirs."""
    for compare in condition.comparisons:
        owner = getattr(compare, "__self__", None)
        if isinstance(owner, Pattern):
            yield owner


def _texts(key: str, patterns: Iterable[Pattern], asked: Asked) -> list[str]:
    chains: set[Chain] = set()
    for each in patterns:
        chains.update(_chains(each, asked.request))
    if key == "aws:sourcearn":
        chains |= {_of_account(account) for account in _accounts(asked)} | {_of_account(None)}
    domain = _TWELVE if key == "aws:sourceaccount" else _NOT_EMPTY
    return sorted(classes(chains, [[domain]]).values(), key=lambda text: (len(text), text))


def _chains(pattern: Pattern, request: Request) -> Iterator[Chain]:
    def filled(key: str) -> str | None:
        found = request.values(key)
        return found[0] if found and len(found) == 1 else None

    read = reading(pattern, filled)
    if read.is_open:
        raise NotCheckedError(f"{pattern.source!r} has a variable whose value who asks does not fix")
    yield read.possible
    if read.certain is not None:
        yield read.certain


def _of_account(account: str | None) -> Chain:
    """Return the chain of the ARNs in an account; None: in any."""
    field = (FIELD, ":")
    inside = _TWELVE if account is None else literal(account)
    return (*literal("arn:"), *field, *field, *field, *inside, ":", MANY)


def _accounts(asked: Asked) -> list[str]:
    return sorted(
        {value for each in asked.conditions if each.name == "aws:sourceaccount" for value in each.values}
    )


def _ordered(borders: Sequence[Decimal]) -> list[str]:
    """Return each border, and a value on either side of each."""
    known = sorted(set(borders)) or [Decimal(0)]
    between = [(low + high) / 2 for low, high in pairwise(known)]
    return [format(each, "f") for each in sorted({*known, *between, known[0] - 1, known[-1] + 1})]


def _addresses(ranges: Iterable[str]) -> Iterator[str]:
    """Yield an address of every part into which ranges cut each family: the first after each border."""
    networks = [ipaddress.ip_network(each, strict=False) for each in ranges]
    for make, top in ((ipaddress.IPv4Address, 2**32), (ipaddress.IPv6Address, 2**128)):
        own = [each for each in networks if each.max_prefixlen == top.bit_length() - 1]
        ends = {int(each.network_address) for each in own} | {int(each.broadcast_address) + 1 for each in own}
        for start in sorted({0} | ends):
            if start < top:
                yield str(make(start))


# --- keys together --------------------------------------------------------------------------------------


def _is_possible(drawn: dict[str, tuple[str, ...] | None], asked: Asked) -> bool:
    """Return whether a request can carry these together; it may set a free account to the one that fits."""
    if drawn.get("aws:securetransport") == ("false",) and drawn.get("s3:tlsversion"):
        return False
    if drawn.get("aws:viaawsservice") == ("false",) and any(
        drawn[key] for key in drawn if key.startswith("aws:calledvia")
    ):
        return False
    return _comes_one_way(drawn, asked) and _names_one_source(drawn, asked)


def _comes_one_way(drawn: Mapping[str, tuple[str, ...] | None], asked: Asked) -> bool:
    """Through an endpoint with VPC, endpoint and address in it, or from outside with an address."""
    inside = {
        key: drawn[key] for key in ("aws:sourcevpc", "aws:sourcevpce", "aws:vpcsourceip") if key in drawn
    }
    if asked.is_exact:
        return True  # the obligation says what is carried
    if len({values is None for values in inside.values()}) > 1:
        return False
    if any(inside.values()) and drawn.get("aws:sourceip"):
        return False
    endpoint, vpc = inside.get("aws:sourcevpce"), inside.get("aws:sourcevpc")
    known = {each.id: each.vpc for each in asked.endpoints}
    if endpoint and vpc and endpoint[0] in known:
        return _same("aws:sourcevpc", vpc[0], known[endpoint[0]], asked)
    return True


def _names_one_source(drawn: dict[str, tuple[str, ...] | None], asked: Asked) -> bool:
    arn, account = drawn.get("aws:sourcearn"), drawn.get("aws:sourceaccount")
    if not arn or not account or asked.is_exact:
        return True
    fields = arn[0].split(":")
    told = fields[4] if len(fields) > 5 and fields[0] == "arn" else ""  # noqa: PLR2004 - an ARN's six fields
    if not (len(told) == len(_TWELVE) and told.isdigit()):
        return True  # as of a bucket, whose ARN names no account
    if not _same("aws:sourceaccount", account[0], told, asked):
        return False
    drawn["aws:sourceaccount"] = (told,)
    return True


def _same(key: str, one: str, other: str, asked: Asked) -> bool:
    """Return whether nothing tells two values of a key apart."""
    if one == other:
        return True
    first, second = (replace(asked.request, context={key: (value,)}) for value in (one, other))
    patterns = [*asked.required.get(key, ()), *(each for name, each in asked.wanted if name == key)]
    return all(
        each.holds(first) == each.holds(second) for each in asked.conditions if each.name == key
    ) and all(each.matches(one, first.values) == each.matches(other, second.values) for each in patterns)
