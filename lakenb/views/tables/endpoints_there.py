"""Which endpoints stand: those of the template, and those of the VPCs that a graph describes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lakenb.graph.networks import placed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lakenb.graph.graph import Graph

_ENDPOINT = "AWS::EC2::VPCEndpoint"


@dataclass(frozen=True, slots=True)
class Standing:
    """One endpoint that stands.

    Parameters
    ----------
    name
        Its logical id, or the id of a given one.
    type
        ``gateway`` or ``interface``.
    zones
        In how many zones an interface stands; 0 when that is not known.
    is_given
        Whether the template does not make it.
    """

    name: str
    type: str
    zones: int
    is_given: bool

    def __str__(self) -> str:
        """Return it in words, such as ``PipelineEndpointSqs (interface, 2 zones)``."""
        plural = "" if self.zones == 1 else "s"
        where = f", {self.zones} zone{plural}" if self.type == "interface" and self.zones else ""
        return f"{self.name} ({'given, ' if self.is_given else ''}{self.type}{where})"


def standing(graph: Graph, template: Mapping[str, Any]) -> dict[str, Standing]:
    """Return the endpoints by the last part of their service's name; the template's own come first."""
    found: dict[str, Standing] = {}
    for service, one in (*_made(template), *_given(graph)):
        found.setdefault(service, one)
    return found


def _made(template: Mapping[str, Any]) -> Iterator[tuple[str, Standing]]:
    resources = template.get("Resources")
    for name, made in sorted(resources.items()) if isinstance(resources, dict) else ():
        if not isinstance(made, dict) or made.get("Type") != _ENDPOINT:
            continue
        properties = made.get("Properties")
        says = properties if isinstance(properties, dict) else {}
        service = _text(says.get("ServiceName")).rpartition(".")[2]
        kind = "interface" if says.get("VpcEndpointType") == "Interface" else "gateway"
        subnets = says.get("SubnetIds")
        yield service, Standing(name, kind, len(subnets) if isinstance(subnets, list) else 0, is_given=False)


def _text(value: Any) -> str:
    """Return a text, also one with references in it."""
    if isinstance(value, dict):
        value = value.get("Fn::Sub")
    if isinstance(value, list) and value:
        value = value[0]
    return value if isinstance(value, str) else ""


def _given(graph: Graph) -> Iterator[tuple[str, Standing]]:
    for vpc in placed(graph).values():
        for one in vpc.endpoints or ():
            yield one.service, Standing(one.id, one.type.lower(), len(one.subnets), is_given=True)
