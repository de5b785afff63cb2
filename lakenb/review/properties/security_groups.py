"""Whether security groups let HTTPS through, as far as the template says it."""

from __future__ import annotations

from ipaddress import ip_network
from typing import TYPE_CHECKING

from lakenb.iam.proof.values import Verdict
from lakenb.review.properties.reading import Said, said

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from collections.abc import Set as AbstractSet

    from lakenb.review.properties.surroundings import Surroundings

_HTTPS = 443
_ANY_PROTOCOL, _TCP = "-1", ("tcp", "6")
_EVERYWHERE = "0.0.0.0/0"


def lets_in(
    around: Surroundings,
    own: AbstractSet[str],
    senders: AbstractSet[str],
    vpc: str,
    *,
    port: int = _HTTPS,
) -> Verdict:
    """Return whether any of an endpoint's groups takes HTTPS, or another port, from any of a function's."""

    def is_for(rule: Said) -> bool:
        return rule.at("SourceSecurityGroupId").value in senders or _covers(around, rule, vpc)

    return _best(_judged(_rules(around, group, "Ingress"), is_for, port) for group in own)


def lets_out(
    around: Surroundings,
    own: AbstractSet[str],
    receivers: AbstractSet[str],
    vpc: str,
    *,
    prefix_list: str = "",
    port: int = _HTTPS,
) -> Verdict:
    """Return whether any of a function's groups sends HTTPS to an endpoint; without rules a group sends all.

    A gateway has no groups: it is reached by the addresses of the service itself, which stand in a prefix
    list of AWS's that no template can tell from another. `prefix_list` is its id, where the user told it.
    """

    def is_for(rule: Said) -> bool:
        if prefix_list and rule.at("DestinationPrefixListId").value == prefix_list:
            return True
        return rule.at("DestinationSecurityGroupId").value in receivers or _covers(around, rule, vpc)

    verdicts = []
    for group in own:
        rules = _rules(around, group, "Egress")
        if rules == []:
            return Verdict.PROVED
        by_list = any(
            _takes(rule, port) and rule.at("DestinationPrefixListId").is_there for rule in rules or ()
        )
        verdict = _judged(rules, is_for, port)
        is_open = by_list and not receivers and verdict is Verdict.FAILED
        verdicts.append(Verdict.UNDECIDED if is_open else verdict)
    return _best(verdicts)


def _judged(rules: list[Said] | None, is_for: Callable[[Said], bool], port: int) -> Verdict:
    if rules is None:
        return Verdict.UNDECIDED
    if any(rule.is_known and is_for(rule) and _takes(rule, port) for rule in rules):
        return Verdict.PROVED
    return Verdict.FAILED if all(rule.is_known for rule in rules) else Verdict.UNDECIDED


def _best(verdicts: Iterable[Verdict]) -> Verdict:
    """Return what groups come to together: what one of them lets through goes through."""
    found = set(verdicts)
    if not found:
        return Verdict.UNDECIDED  # the VPC's default group, of which no template speaks
    return next(one for one in (Verdict.PROVED, Verdict.UNDECIDED, Verdict.FAILED) if one in found)


def _rules(around: Surroundings, group: str, way: str) -> list[Said] | None:
    """Return a group's rules, in it and apart; None for a group that is not of this template."""
    for resource in around.of_type("AWS::EC2::SecurityGroup"):
        if resource.ref == group:
            inline = said(resource, f"SecurityGroup{way}").items()
            return [*inline, *_apart(around, group, way)]
    return None


def _apart(around: Surroundings, group: str, way: str) -> Iterator[Said]:
    for one in around.of_type(f"AWS::EC2::SecurityGroup{way}"):
        if said(one, "GroupId").value == group:
            yield said(one)


def _takes(rule: Said, port: int) -> bool:
    protocol = str(rule.at("IpProtocol").value)
    if protocol == _ANY_PROTOCOL:
        return True
    low, high = rule.at("FromPort").number(), rule.at("ToPort").number()
    return protocol in _TCP and low is not None and high is not None and low <= port <= high


def _covers(around: Surroundings, rule: Said, vpc: str) -> bool:
    """Return whether a rule's addresses hold all those of a VPC; without one, all that there are."""
    named = str(rule.at("CidrIp").value)
    if named == _EVERYWHERE:
        return True
    own = [resource for resource in around.of_type("AWS::EC2::VPC") if resource.ref == vpc]
    # a world's text for Fn::GetAtt of CidrBlock: the addresses that the VPC has, whatever they are
    if any(named.startswith(f"{one.logical_id.rpartition('/')[2]}-CidrBlock-") for one in own):
        return True
    networks = [str(said(resource, "CidrBlock").value) for resource in own]
    try:
        wide = ip_network(named)
        return bool(networks) and all(ip_network(one).subnet_of(wide) for one in networks)  # type: ignore[arg-type]  # of IPv4 and IPv6, which it says by TypeError
    except (TypeError, ValueError):
        return False
