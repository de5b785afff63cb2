"""What a VPC is made of, as values: subnets, security groups, endpoints, and what is known of each.

``None`` always means *not known*: what is not known is never taken for granted.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lakenb.errors import Fault
from lakenb.graph.options import shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

# Amazon EC2 User Guide, "Resource IDs"; or a token of CDK, which becomes an id later
_TOKEN = re.compile(r"\$\{Token\[[A-Za-z0-9:._-]+\]\}")
_ID = re.compile(r"[a-z]+-[0-9a-z-]{1,40}")
GATEWAY, INTERFACE = "Gateway", "Interface"
# what a gateway can stand for; AWS PrivateLink Guide, "Gateway endpoints"
GATEWAY_SERVICES = ("s3", "dynamodb")


@dataclass(frozen=True, slots=True, order=True)
class Route:
    """One route of a subnet.

    Parameters
    ----------
    destination
        Addresses or prefix list.
    target
        Where they lead: ``local``, an internet gateway, a NAT gateway, an endpoint.
    """

    destination: str
    target: str

    @property
    def leads_out(self) -> bool:
        """Whether it leads to the internet."""
        return self.target.startswith(("igw-", "nat-", "eigw-", "eni-", "i-"))


@dataclass(frozen=True, slots=True)
class Subnet:
    """A subnet.

    Parameters
    ----------
    id
        Its id.
    vpc
        Id of the VPC that it belongs to; empty when not known.
    zone
        Its availability zone; empty when not known.
    route_table
        Id of the route table that it uses; empty when not known.
    routes
        The routes of that table; None when not known.
    owner
        The account that owns it, where that is not the pipeline's own (a shared VPC).
    """

    id: str
    vpc: str = ""
    zone: str = ""
    route_table: str = ""
    routes: tuple[Route, ...] | None = None
    owner: str = ""


@dataclass(frozen=True, slots=True, order=True)
class Rule:
    """What one rule of a security group lets through.

    Parameters
    ----------
    protocol
        ``tcp``, ``udp``, ``icmp``, a number, or ``-1`` for all.
    first_port, last_port
        The ports; -1 for all.
    cidr, group, prefix_list
        With whom: addresses, another security group, or a prefix list. One of the three.
    """

    protocol: str = "tcp"
    first_port: int = 443
    last_port: int = 443
    cidr: str = ""
    group: str = ""
    prefix_list: str = ""


@dataclass(frozen=True, slots=True)
class SecurityGroup:
    """A security group.

    Parameters
    ----------
    id
        Its id.
    vpc
        Id of the VPC that it belongs to; empty when not known.
    lets_in, lets_out
        Its rules; None when not known.
    """

    id: str
    vpc: str = ""
    lets_in: tuple[Rule, ...] | None = None
    lets_out: tuple[Rule, ...] | None = None


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An endpoint of a VPC.

    Parameters
    ----------
    id
        Its id.
    service
        The last part of its service's name, such as ``s3``.
    type
        ``Gateway`` or ``Interface``.
    private_dns
        Whether the service's own name leads to it; None when not known. A gateway has no need of it.
    policy
        Its policy as JSON; empty when not known.
    subnets, security_groups
        Ids of where an interface stands, and of the groups that guard it.
    route_tables
        Ids of the route tables that lead to a gateway.
    """

    id: str
    service: str
    type: str = INTERFACE
    private_dns: bool | None = None
    policy: str = ""
    subnets: tuple[str, ...] = ()
    security_groups: tuple[str, ...] = ()
    route_tables: tuple[str, ...] = ()

    def document(self) -> Mapping[str, Any] | None:
        """Return its policy, or None when it is not known."""
        found = json.loads(self.policy) if self.policy else None
        return found if isinstance(found, dict) else None


def id_faults(ids: Iterable[object], prefix: str, where: str) -> Iterator[Fault]:
    """Yield what is wrong with ids of one sort, each beginning with `prefix`."""
    for given in ids:
        text = given if isinstance(given, str) else ""
        if not (_TOKEN.fullmatch(text) or (_ID.fullmatch(text) and text.startswith(prefix))):
            what = f"{shown(given)} is no id that begins with {prefix!r}"
            yield Fault(what, where, f"such as '{prefix}0123456789abcdef0'")


def endpoint_faults(endpoint: Endpoint, where: str) -> Iterator[Fault]:
    """Yield what is wrong with the description of an endpoint."""
    yield from id_faults([endpoint.id], "vpce-", where)
    if endpoint.type not in (GATEWAY, INTERFACE):
        what = f"the endpoint {shown(endpoint.id)} is of type {shown(endpoint.type)}"
        yield Fault(what, where, f"write {GATEWAY!r} or {INTERFACE!r}")
    elif endpoint.type == GATEWAY and endpoint.service not in GATEWAY_SERVICES:
        what = f"the endpoint {shown(endpoint.id)} is a gateway for {shown(endpoint.service)}"
        yield Fault(what, where, f"AWS has gateways for {' and '.join(GATEWAY_SERVICES)} only")
    try:
        endpoint.document()
    except ValueError:
        what = f"the policy of the endpoint {shown(endpoint.id)} is no JSON"
        yield Fault(what, where, "give the policy as AWS writes it, or leave it out")
