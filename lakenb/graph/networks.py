"""Placement in a VPC, as a pipeline or a node names it."""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import IPv4Network
from typing import TYPE_CHECKING, Literal, cast, get_args

from lakenb.errors import Fault
from lakenb.graph.network_parts import Endpoint, SecurityGroup, Subnet, endpoint_faults, id_faults
from lakenb.graph.options import shown, wrong_type

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from lakenb.graph.graph import Graph

Way = Literal["gateway", "interface"]
_WAYS: tuple[str, ...] = get_args(Way)
ZONES = (1, 2, 3)
# Amazon VPC User Guide, "VPC CIDR blocks" and "Subnet sizing": a VPC is a /16 to a /28, a subnet too, and AWS
# keeps five addresses of each. A /26 leaves room for three subnets of eleven addresses.
_WIDEST, _NARROWEST = 16, 26
_DEFAULT_CIDR = "10.0.0.0/24"


@dataclass(frozen=True, slots=True)
class Vpc:
    """A VPC: one that the stack makes, or a given one, as far as it is described.

    Parameters
    ----------
    create
        True makes private subnets, the least set of endpoints that the placed nodes need, and no way out:
        no NAT, no internet gateway. A pipeline makes one VPC at most.
    zones
        In how many availability zones it stands (1 to 3). Each interface endpoint is paid for in each.
    cidr
        Its addresses. Nothing else is reached from it, so they may be those of another VPC, too.
    s3
        How S3 is reached: by a gateway, which costs nothing, or by an interface, which lets the functions'
        security group name the VPC's own addresses alone.
    prefix_lists
        The ids of AWS's managed prefix lists in the region, by service: ``{"s3": "pl-..."}``. CloudFormation
        cannot look them up. With them the functions' security group names the gateways' addresses alone.
    id
        Id of a VPC that exists.
    subnets
        Where in it functions are placed: ids, or `Subnet` descriptions.
    security_groups
        What guards them there: ids, or `SecurityGroup` descriptions. Other groups of the VPC (those of its
        endpoints) may stand in `other_groups`.
    endpoints
        All its endpoints; None when they are not known.
    other_groups
        Descriptions of security groups that guard its endpoints.
    dns_names, dns_support
        Its DNS attributes; None when not known.
    pin
        True binds what the placed nodes' roles may do with S3's documents to this VPC's endpoint for S3.

    Notes
    -----
    Of a VPC that is named by ids alone nothing else is known: what the pipeline needs of it is then a printed
    assumption, never proved. ``lk.Vpc.read("vpc-...")`` describes it.
    """

    create: bool = False
    zones: int = 2
    cidr: str = _DEFAULT_CIDR
    s3: Way = "gateway"
    prefix_lists: Mapping[str, str] | tuple[tuple[str, str], ...] = ()
    id: str = ""
    subnets: Sequence[Subnet | str] = ()
    security_groups: Sequence[SecurityGroup | str] = ()
    endpoints: Sequence[Endpoint] | None = None
    other_groups: Sequence[SecurityGroup] = field(default=())
    dns_names: bool | None = None
    dns_support: bool | None = None
    pin: bool = False

    def __post_init__(self) -> None:
        """Turn ids into descriptions that say nothing else, and lists into tuples."""
        lists = self.prefix_lists
        if not isinstance(lists, tuple) and hasattr(lists, "items"):
            object.__setattr__(self, "prefix_lists", tuple(sorted(lists.items())))
        for name, kind in (("subnets", Subnet), ("security_groups", SecurityGroup)):
            value = getattr(self, name)
            if isinstance(value, (list, tuple)):
                made = tuple(kind(one) if isinstance(one, str) else one for one in value)
                object.__setattr__(self, name, made)
        for name in ("endpoints", "other_groups"):
            if isinstance(value := getattr(self, name), list):
                object.__setattr__(self, name, tuple(value))

    @property
    def placed_in(self) -> tuple[Subnet, ...]:
        """The subnets in which functions are placed."""
        return cast("tuple[Subnet, ...]", self.subnets)

    @property
    def guarded_by(self) -> tuple[SecurityGroup, ...]:
        """The security groups of the functions."""
        return cast("tuple[SecurityGroup, ...]", self.security_groups)

    @property
    def groups(self) -> tuple[SecurityGroup, ...]:
        """Every security group that is described."""
        return (*self.guarded_by, *self.other_groups)

    @property
    def is_described(self) -> bool:
        """Whether more is known of a given VPC than ids."""
        return not self.create and self.endpoints is not None

    def prefix_list(self, service: str) -> str:
        """Return the id of a service's managed prefix list, or an empty text when it is not known."""
        return dict(cast("tuple[tuple[str, str], ...]", self.prefix_lists)).get(service, "")

    def endpoint(self, service: str) -> str:
        """Return the id of a given VPC's endpoint for a service, or an empty text."""
        ids = sorted(one.id for one in self.endpoints or () if one.service == service)
        return ids[0] if ids else ""

    def networks(self) -> tuple[IPv4Network, ...]:
        """Return the addresses of the subnets of a VPC that is made: as many as zones, of one size."""
        more = 1 if self.zones <= 2 else 2  # noqa: PLR2004 - a half each, or a quarter
        return tuple(IPv4Network(self.cidr).subnets(prefixlen_diff=more))[: self.zones]

    def faults(self, where: str) -> list[Fault]:
        """Return what is wrong with the VPC."""
        return list(_made_faults(self, where) if self.create else _given_faults(self, where))


def vpc_of(graph: Graph, node: str) -> Vpc | None:
    """Return the VPC that a node is placed in: its own, else the pipeline's; None for none."""
    return graph.nodes[node].vpc or graph.vpc


def placed(graph: Graph) -> dict[str, Vpc]:
    """Return the nodes that are placed in a VPC, sorted, with it."""
    found = ((node, vpc_of(graph, node)) for node in graph.nodes)
    return {node: vpc for node, vpc in found if vpc is not None}


def vpc_faults(vpc: object, where: str) -> list[Fault]:
    """Return what is wrong with the option ``vpc``."""
    if vpc is None:
        return []
    if not isinstance(vpc, Vpc):
        return [wrong_type("vpc", vpc, "lk.Vpc(create=True), or a VPC that is described by lk.Vpc", where)]
    return vpc.faults(where)


def several_made_faults(vpcs: Mapping[str, object], where: str) -> list[Fault]:
    """Return the fault of a pipeline whose nodes ask for different VPCs to be made."""
    made: dict[Vpc, list[str]] = {}
    for node, vpc in vpcs.items():
        if isinstance(vpc, Vpc) and vpc.create:
            made.setdefault(vpc, []).append(node)
    if len(made) <= 1:
        return []
    groups = "; ".join(f"{vpc!r} for {', '.join(map(repr, nodes))}" for vpc, nodes in made.items())
    return [Fault(f"the stack makes one VPC, and {len(made)} are asked for: {groups}", where, "name one")]


def _made_faults(vpc: Vpc, where: str) -> Iterator[Fault]:
    given = ("id", "subnets", "security_groups", "endpoints", "other_groups", "dns_names", "dns_support")
    told = [name for name in given if getattr(vpc, name) not in ("", (), None)]
    if told:
        what = f"the VPC is to be made, and {', '.join(told)} of one that exists is given"
        yield Fault(what, where, "leave create out, or the rest")
    if vpc.zones not in ZONES or isinstance(vpc.zones, bool):
        yield Fault(f"zones is {shown(vpc.zones)}", where, "1, 2 or 3; two is what AWS recommends")
    if vpc.s3 not in _WAYS:
        yield Fault(f"s3 is {shown(vpc.s3)}", where, f"one of {', '.join(map(repr, _WAYS))}")
    try:
        network = IPv4Network(vpc.cidr)
    except (ValueError, TypeError):
        yield Fault(f"cidr is {shown(vpc.cidr)}", where, f"addresses such as {_DEFAULT_CIDR!r}")
    else:
        if not (_WIDEST <= network.prefixlen <= _NARROWEST and network.is_private):
            what = f"cidr is {shown(vpc.cidr)}"
            yield Fault(what, where, f"private addresses, a /{_WIDEST} to a /{_NARROWEST}")
    yield from _prefix_list_faults(vpc, where)


def _given_faults(vpc: Vpc, where: str) -> Iterator[Fault]:
    if vpc.id:
        yield from id_faults([vpc.id], "vpc-", where)
    for name, kind, prefix in (("subnets", Subnet, "subnet-"), ("security_groups", SecurityGroup, "sg-")):
        given = getattr(vpc, name)
        if not isinstance(given, tuple) or not given:
            what = f"the VPC has no {name.replace('_', ' ')}: a function needs both subnets and groups"
            yield Fault(what, where, f"{name}=['{prefix}...'], or lk.Vpc(create=True)")
            continue
        yield from id_faults((getattr(one, "id", one) for one in given), prefix, where)
        if any(not isinstance(one, kind) for one in given):
            yield wrong_type(name, given, f"ids, or {kind.__name__} descriptions", where)
    for endpoint in vpc.endpoints or ():
        yield from endpoint_faults(endpoint, where)
    if vpc.pin and not vpc.endpoint("s3"):
        what = "pin binds documents to the VPC's endpoint for S3, and none is described"
        yield Fault(what, where, "read the VPC (lk.Vpc.read), name its endpoint, or leave pin out")
    yield from _prefix_list_faults(vpc, where)


def _prefix_list_faults(vpc: Vpc, where: str) -> Iterator[Fault]:
    lists = vpc.prefix_lists
    if not isinstance(lists, tuple):
        yield wrong_type("prefix_lists", lists, 'a mapping such as {"s3": "pl-..."}', where)
        return
    yield from id_faults((one[1] for one in lists), "pl-", where)
