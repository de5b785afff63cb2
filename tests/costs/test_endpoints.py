from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from lakenb.costs.endpoints import interface_prices, monthly_cost
from lakenb.errors import OptionError


def test_an_interface_is_paid_for_in_each_zone() -> None:
    assert monthly_cost("eu-west-1", zones=1, interfaces=1) == Decimal("8.03")
    assert monthly_cost("eu-west-1", zones=3, interfaces=2) == Decimal("48.18")


def test_gateways_cost_nothing_wherever_they_are() -> None:
    assert monthly_cost("us-east-1", zones=3, interfaces=0, gateways=2) == 0
    assert monthly_cost("a-region-of-tomorrow", zones=3, interfaces=0, gateways=2) == 0


def test_no_price_is_guessed() -> None:
    assert monthly_cost("a-region-of-tomorrow", zones=2, interfaces=1) is None


@pytest.mark.parametrize("wrong", [{"zones": -1}, {"interfaces": -1}, {"gateways": -1}])
def test_a_negative_number_is_refused(wrong: dict[str, int]) -> None:
    numbers = {"zones": 2, "interfaces": 1, "gateways": 0} | wrong
    with pytest.raises(OptionError, match="give a number of 0 or more"):
        monthly_cost("us-east-1", **numbers)


def test_every_price_has_its_day_and_its_page() -> None:
    for price in interface_prices():
        assert price.day >= date(2026, 1, 1)
        assert price.page.startswith("https://aws.amazon.com/")
        assert price.currency == "USD"
        assert Decimal("0.005") < price.hour < Decimal("0.05")
        assert price.month == price.hour * 730
