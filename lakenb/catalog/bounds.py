"""Checks of the options that bound what one document may cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakenb.errors import Fault
from lakenb.graph.options import wrong_type

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lakenb.graph.steps import Step


def bound_faults(step: Step, most: Mapping[str, int], where: str) -> list[Fault]:
    """Return what is wrong with bounds: whole numbers of at least 1.

    Parameters
    ----------
    step
        What has the options.
    most
        The highest value of each, by name.
    where
        How messages name the step.
    """
    faults = []
    for name, highest in most.items():
        value = getattr(step, name)
        if isinstance(value, bool) or not isinstance(value, int):
            faults.append(wrong_type(name, value, "a whole number", where))
        elif not 1 <= value <= highest:
            what = f"{name} is {value}; 1 to {highest} are possible"
            faults.append(Fault(what, where, f"set {name} to a number from 1 to {highest}"))
    return faults
