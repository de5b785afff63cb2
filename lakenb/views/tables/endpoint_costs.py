"""What endpoints cost, in the words of a table."""

from __future__ import annotations

from decimal import Decimal

from lakenb.costs.endpoints import interface_prices, monthly_cost

_CENT = Decimal("0.01")


def monthly(kind: str, zones: int, *, each: bool = False) -> str:
    """Return what an endpoint costs in a month, for being there, in the regions whose prices are known.

    Parameters
    ----------
    kind
        ``gateway``, ``interface``, or ``interface or gateway``.
    zones
        In how many availability zones it stands; 0 when that is not known.
    each
        Whether to say it for each zone, as where no endpoint stands yet.

    Examples
    --------
    >>> monthly("gateway", 2)
    'nothing'
    >>> monthly("interface", 2)
    'USD 14.60 to 17.52'
    """
    if kind == "gateway":
        return "nothing"
    found = [cost for one in interface_prices() if (cost := monthly_cost(one.region, zones or 1, 1))]
    if not found:
        return "not known"
    text = f"{interface_prices()[0].currency} {min(found)} to {max(found)}"
    text += " a zone" if each or not zones else ""
    return f"nothing by a gateway, {text} by an interface" if "gateway" in kind else text


def cost_notes() -> tuple[str, ...]:
    """Return where the costs come from, and what they leave out."""
    prices = interface_prices()
    if not prices:
        return ()
    months = ", ".join(f"{one.region} {one.month.quantize(_CENT)}" for one in prices)
    known = f"AWS PrivateLink pricing, {prices[0].page}, as of {prices[0].day}"
    there = "an interface endpoint for being there, in each availability zone"
    return (
        f"Monthly cost of {there}, in {prices[0].currency}: {months} ({known}). Other regions: see the page.",
        "What goes through an interface endpoint is paid for beside. Gateway endpoints cost nothing.",
    )
