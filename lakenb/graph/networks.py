"""Placement in a VPC, as a pipeline or a node names it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lakenb.graph.options import wrong_type

if TYPE_CHECKING:
    from lakenb.errors import Fault


@dataclass(frozen=True, slots=True)
class Vpc:
    """A VPC: one that the stack makes, or a given one.

    Parameters
    ----------
    create
        True makes private subnets and the endpoints that the pipeline needs, and no way out.
    id, subnets, security_groups
        Ids of a VPC that exists, and where in it functions are placed.
    pin
        Whether the data actions of the pipeline's roles on its stores are bound to the endpoint.
    """

    create: bool = False
    id: str = ""
    subnets: tuple[str, ...] = ()
    security_groups: tuple[str, ...] = ()
    pin: bool = False

    def faults(self, where: str) -> list[Fault]:  # noqa: ARG002 - the place of each fault to come
        """Return what is wrong with the VPC."""
        return []


def vpc_faults(vpc: object, where: str) -> list[Fault]:
    """Return what is wrong with the option ``vpc``."""
    if vpc is None:
        return []
    if not isinstance(vpc, Vpc):
        return [wrong_type("vpc", vpc, "lk.Vpc(create=True), or a VPC that is described by lk.Vpc", where)]
    return vpc.faults(where)
