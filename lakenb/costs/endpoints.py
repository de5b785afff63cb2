"""What the endpoints of a VPC cost for being there, by AWS's prices of a day.

Documents that go through an interface are paid for beside, by the gigabyte; they are not counted here.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from lakenb.errors import Fault, OptionError

if TYPE_CHECKING:
    from datetime import date

_CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Price:
    """The price of an interface endpoint in one availability zone.

    Parameters
    ----------
    region
        AWS's name of the region.
    hour, month
        For an hour, and for a month of 730 hours.
    currency
        Such as ``USD``.
    day
        The day to which it was known.
    page
        The address of AWS's page.
    """

    region: str
    hour: Decimal
    month: Decimal
    currency: str
    day: date
    page: str


def interface_prices() -> tuple[Price, ...]:
    """Return the prices that are known, sorted by region."""
    table = _table()["interface"]
    return tuple(
        Price(
            region,
            Decimal(hour),
            Decimal(hour) * table["hours_in_a_month"],
            table["currency"],
            table["date"],
            table["page"],
        )
        for region, hour in sorted(table["hour"].items())
    )


def monthly_cost(region: str, zones: int, interfaces: int, gateways: int = 0) -> Decimal | None:
    """Return what endpoints cost in a month for being there.

    Parameters
    ----------
    region
        AWS's name of the region.
    zones
        In how many availability zones each interface stands.
    interfaces, gateways
        How many endpoints of each type there are. Gateways cost nothing.

    Returns
    -------
    Decimal or None
        In US dollars, to the cent; None where there are interfaces and their price in the region is not known
        here.

    Raises
    ------
    OptionError
        For a negative number.

    Examples
    --------
    >>> monthly_cost("us-east-1", zones=2, interfaces=2, gateways=1)
    Decimal('29.20')
    """
    for name, number in (("zones", zones), ("interfaces", interfaces), ("gateways", gateways)):
        if number < 0:
            fault = Fault(f"{name} is {number}", "the cost of endpoints", "give a number of 0 or more")
            raise OptionError([fault])
    if not interfaces:
        return Decimal(0).quantize(_CENT)
    prices = {price.region: price.month for price in interface_prices()}
    month = prices.get(region)
    return None if month is None else (month * zones * interfaces).quantize(_CENT)


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads((files(__package__) / "prices.toml").read_text(encoding="utf-8"))
