"""Condition operators: how one value of a policy is compared with one value of a request.

Pages: IAM User Guide, "IAM JSON policy elements: Condition operators" and "Multivalued context keys".
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import TypeVar

from lakenb.iam.patterns import Kind, Values, pattern
from lakenb.iam.truth import MAYBE, NO, YES, Truth

Comparison = Callable[[str, Values], Truth]
"""Whether a request's value fits, where variables are filled from the request."""

_Value = TypeVar("_Value")
_NUMBER = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,3})?")
_DATE = re.compile(
    r"(?P<year>[0-9]{4})(?:-(?P<month>[0-9]{2})(?:-(?P<day>[0-9]{2})"
    r"(?:T(?P<hour>[0-9]{2}):(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2})(?:\.(?P<part>[0-9]{1,9}))?)?"
    r"(?P<zone>Z|[+-][0-9]{2}:?[0-9]{2})?)?)?)?"
)
_EPOCH = re.compile(r"-?[0-9]{5,13}(?:\.[0-9]+)?")


@dataclass(frozen=True, slots=True)
class Operator:
    """One operator, without what may stand before and after its name.

    Parameters
    ----------
    compile
        Takes a policy's value and whether it may hold variables; returns the comparison, or raises
        ValueError with the end of a sentence.
    is_negated
        Whether the condition holds when no value of the policy fits.
    """

    compile: Callable[[str, bool], Comparison]
    is_negated: bool = False


def _texts(kind: Kind) -> Callable[[str, bool], Comparison]:
    def compile_text(value: str, has_variables: bool) -> Comparison:
        return pattern(value, kind, has_variables=has_variables).matches

    return compile_text


def _parsed(
    read: Callable[[str], _Value], fits: Callable[[_Value, _Value], bool]
) -> Callable[[str, bool], Comparison]:
    """Return an operator on values of another type; a request's value that is none of it is MAYBE."""

    def compile_value(value: str, _: bool) -> Comparison:
        wanted = read(value)

        def compare(text: str, _: Values) -> Truth:
            try:
                found = read(text)
            except ValueError:
                return MAYBE  # AWS does not document what a service's malformed value does
            return YES if fits(found, wanted) else NO

        return compare

    return compile_value


def number(text: str) -> Decimal:
    """Return a number; raises ValueError with the end of a sentence."""
    if not _NUMBER.fullmatch(text):
        raise ValueError("is no number")
    return Decimal(text)


def moment(text: str) -> Decimal:
    """Return seconds since 1970 from an ISO 8601 date or from such seconds; raises ValueError."""
    read = _DATE.fullmatch(text)
    if read is None:
        if _EPOCH.fullmatch(text):
            return Decimal(text)
        raise ValueError("is no date such as 2026-01-31T12:00:00Z, nor seconds since 1970")
    year, month, day, hour, minute, second = (int(read[name] or first) for name, first in _FIRSTS)
    try:
        at = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        raise ValueError("is no date: there is no such day or hour") from None
    seconds = Decimal(int(at.timestamp())) + Decimal(f"0.{read['part'] or 0}")
    zone = (read["zone"] or "Z").replace(":", "")
    if zone != "Z":
        ahead = int(zone[1:3]) * 3600 + int(zone[3:]) * 60
        seconds -= ahead if zone[0] == "+" else -ahead
    return seconds


_FIRSTS = (("year", 1), ("month", 1), ("day", 1), ("hour", 0), ("minute", 0), ("second", 0))


def truth_value(text: str) -> bool:
    """Return true or false, letter case aside; raises ValueError with the end of a sentence."""
    folded = text.casefold()
    if folded not in {"true", "false"}:
        raise ValueError("is neither true nor false")
    return folded == "true"


def _binary(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("is no base64") from None


def _address(value: str, _: bool) -> Comparison:
    try:
        network = ipaddress.ip_network(value, strict=False)
    except ValueError:
        raise ValueError("is no address or range such as 203.0.113.0/24") from None

    def compare(text: str, _: Values) -> Truth:
        try:
            address = ipaddress.ip_address(text)
        except ValueError:
            return MAYBE
        return YES if address in network else NO

    return compare


def _ordered(read: Callable[[str], Decimal], prefix: str) -> dict[str, Operator]:
    def by(fits: Callable[[Decimal, Decimal], bool]) -> Callable[[str, bool], Comparison]:
        return _parsed(read, fits)

    return {
        f"{prefix}Equals": Operator(by(lambda found, wanted: found == wanted)),
        f"{prefix}NotEquals": Operator(by(lambda found, wanted: found == wanted), is_negated=True),
        f"{prefix}LessThan": Operator(by(lambda found, wanted: found < wanted)),
        f"{prefix}LessThanEquals": Operator(by(lambda found, wanted: found <= wanted)),
        f"{prefix}GreaterThan": Operator(by(lambda found, wanted: found > wanted)),
        f"{prefix}GreaterThanEquals": Operator(by(lambda found, wanted: found >= wanted)),
    }


OPERATORS: dict[str, Operator] = {
    "StringEquals": Operator(_texts(Kind.TEXT)),
    "StringNotEquals": Operator(_texts(Kind.TEXT), is_negated=True),
    "StringEqualsIgnoreCase": Operator(_texts(Kind.ANY_CASE)),
    "StringNotEqualsIgnoreCase": Operator(_texts(Kind.ANY_CASE), is_negated=True),
    "StringLike": Operator(_texts(Kind.LIKE)),
    "StringNotLike": Operator(_texts(Kind.LIKE), is_negated=True),
    "ArnEquals": Operator(_texts(Kind.ARN)),
    "ArnLike": Operator(_texts(Kind.ARN)),
    "ArnNotEquals": Operator(_texts(Kind.ARN), is_negated=True),
    "ArnNotLike": Operator(_texts(Kind.ARN), is_negated=True),
    "Bool": Operator(_parsed(truth_value, lambda found, wanted: found == wanted)),
    "BinaryEquals": Operator(_parsed(_binary, lambda found, wanted: found == wanted)),
    "IpAddress": Operator(_address),
    "NotIpAddress": Operator(_address, is_negated=True),
    **_ordered(number, "Numeric"),
    **_ordered(moment, "Date"),
}
