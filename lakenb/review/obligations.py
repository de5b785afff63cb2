"""What has to be proved of a template, as obligations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakenb.review.deliveries import deliveries_unit
from lakenb.review.endpoints import endpoint_units
from lakenb.review.extra import extra_units
from lakenb.review.roles import role_unit
from lakenb.review.strangers import bystanders_unit, key_units, other_units, strangers_unit
from lakenb.review.transit import transit_units

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakenb.review.case import Case, Unit


def units(case: Case) -> Iterator[Unit]:
    """Yield everything that has to be proved of a pipeline in a world."""
    for node, own in case.nodes:
        yield role_unit(case, node, own)
        yield deliveries_unit(case, node, own)
        yield strangers_unit(case, own.id, own.parts(), tuple(filter(None, (own.role, *own.extra_roles()))))
    yield from extra_units(case)
    for part in case.shared():
        if part.claim == "P3":
            yield strangers_unit(case, "cache", (part,))
    yield bystanders_unit(case)
    yield from other_units(case)
    yield from key_units(case)
    yield from transit_units(case)
    yield from endpoint_units(case)
