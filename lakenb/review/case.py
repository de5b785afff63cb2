"""A pipeline in a world, and what is to be proved of it: tasks in units that stand and fall together.

A unit holds what concerns one node, or one resource, with everything that its truth depends on, so that
after an edit only what the edit touches is proved again.
"""

from __future__ import annotations

from dataclasses import InitVar, dataclass, field
from typing import TYPE_CHECKING

from lakenb.iam.proof.principals import administrators, strangers
from lakenb.iam.proof.values import Who
from lakenb.iam.requests import Sort, request
from lakenb.review.find import Index
from lakenb.review.held import state_needs
from lakenb.review.kms import key_needs, keys_of
from lakenb.review.needs import Part, buckets_of, everything, node_needs, resources
from lakenb.review.networks import attach_needs, through

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any

    from lakenb.iam.policies import Policy
    from lakenb.iam.proof.values import Obligation
    from lakenb.iam.stacks.world import World
    from lakenb.review.extra import Extra
    from lakenb.review.find import Found
    from lakenb.review.kms import Keys
    from lakenb.review.needs import Need, Resources
    from lakenb.review.wanted import Wanted, WantedNode

ANY = ("*",)
STATE_SERVICES = ("dynamodb", "scheduler", "states", "elasticfilesystem")


@dataclass(frozen=True, slots=True, eq=False)
class Task:
    """One thing to be proved, as a whole and in parts.

    Parameters
    ----------
    whole
        Proved first: when it holds, all its parts do.
    parts
        The same by claims, so that what fails is told under the right one. None: the whole is one claim's.
    about
        For a liveness obligation the claim whose secrecy it accompanies; empty for secrecy.
    is_one
        Whether the whole counts as one obligation where it holds, instead of its parts.
    """

    whole: Obligation
    parts: tuple[Obligation, ...] = ()
    about: str = ""
    is_one: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Unit:
    """Tasks that stand and fall together.

    Parameters
    ----------
    name
        Of the unit in its template.
    values
        Everything but policies that the tasks are made of.
    policies
        The policies on which their outcomes rest.
    make
        Makes the tasks.
    """

    name: tuple[str, str]
    values: Any
    policies: tuple[Policy | None, ...]
    make: Callable[[], tuple[Task, ...]]


@dataclass(eq=False)
class Case:
    """A pipeline in a world, with what its obligations are made from.

    Parameters
    ----------
    world, found, wanted
        The world, what was found of the pipeline in it, and what must hold of it.
    known
        The world's index, where it is made already.

    Attributes
    ----------
    index
        The world's resources by type and by what refers to them.
    own
        The ARNs of each found node's resources.
    buckets
        The ARN of the bucket in which each node's documents lie.
    keys
        Which resources are under which key.
    needs
        What the role of each node needs, for nodes that are both wanted and there.
    extras
        The roles that services take for nodes.
    strangers
        Everybody who is no role of the template: those whom some policy names (`callers`), asked about each
        node's resources, and those whom none does (`bystanders`), asked about all at once.
    open_guards
        Policies of resources that allow something to anybody but services.
    """

    world: World
    found: Found
    wanted: Wanted
    known: InitVar[Index | None] = None
    index: Index = field(init=False)
    own: dict[str, Resources] = field(init=False)
    buckets: dict[str, str] = field(init=False)
    keys: Keys = field(init=False)
    needs: dict[str, tuple[Need, ...]] = field(init=False)
    extras: tuple[Extra, ...] = field(init=False)
    strangers: tuple[Who, ...] = field(init=False)
    callers: tuple[Who, ...] = field(init=False)
    bystanders: tuple[Who, ...] = field(init=False)
    administrators: tuple[Who, ...] = field(init=False)
    open_guards: tuple[Policy, ...] = field(init=False)

    def __post_init__(self, known: Index | None) -> None:
        """Work out what every unit shares."""
        from lakenb.review.extra import extras  # noqa: PLC0415 - it stands on this module

        world, found, wanted = self.world, self.found, self.wanted
        self.index = Index(world) if known is None else known
        self.own = {node: resources(world, one) for node, one in found.nodes.items()}
        self.buckets = buckets_of(world, found, wanted)
        self.keys = keys_of(self.index, self.own)
        self.needs = {
            node.id: tuple(through(self.index, found.nodes[node.id], self._needs(node, own)))
            for node, own in self.nodes
        }
        self.extras = tuple(extras(self))
        # the root user owns the account: what it may do is no stranger's
        self.strangers = tuple(
            one
            for one in strangers(world)
            if not (one.principal.sort is Sort.ROOT and one.principal.account == world.account)
        )
        self.administrators = administrators(world)
        self.open_guards = tuple(guard for guard in world.guards.values() if not _services_only(guard))
        # who is asked about how, and no more: a bystander that some policy lets in is found out all the same
        named = _services(world.guards.values())
        callers = [bool(self.open_guards) or one.label in named for one in self.strangers]
        self.callers, self.bystanders = (
            tuple(one for one, calls in zip(self.strangers, callers, strict=True) if calls is wanted)
            for wanted in (True, False)
        )

    def _needs(self, node: WantedNode, own: Resources) -> Iterator[Need]:
        cache = self.found.cache_arn
        yield from node_needs(node, own, self.buckets, cache)
        yield from state_needs(node, own)
        yield from key_needs(self.world, self.keys, node, own, self.buckets, cache)
        yield from attach_needs(self.index, self.found.nodes[node.id])

    @property
    def nodes(self) -> Iterator[tuple[WantedNode, Resources]]:
        """The nodes that are both wanted and there."""
        return ((node, self.own[name]) for name, node in self.wanted.nodes.items() if name in self.own)

    def guards(self, arns: Iterable[str]) -> tuple[Policy | None, ...]:
        """Return the policies that guard some resources."""
        return tuple(self.world.guard(arn) for arn in arns)

    def service(self, name: str) -> Who:
        """Return a service, whether or not a policy of the template names it."""
        for one in self.strangers:
            if one.label == name:
                return one
        return Who(name, request({"Service": name}, "sts:AssumeRole", "*").principal)

    def shared(self) -> tuple[Part, ...]:
        """Return what belongs to the pipeline and to no node: its cache and its keys."""
        cache = Part("P3", "the cache", ("s3:*",), self.cache)
        keys = Part("P6", "the keys", ("kms:*",), self.keys.all)
        return tuple(part for part in (cache, keys) if part.arns)

    @property
    def indexes(self) -> dict[str, str]:
        """The ARN of the bucket of each node's index."""
        return {node: own.state.index for node, own in self.own.items() if own.state.index}

    @property
    def state_services(self) -> tuple[str, ...]:
        """The services that hold state of the pipeline, as actions name them; buckets apart."""
        arns = (arn for own in self.own.values() for arn in own.state.named().values())
        services = {arn.split(":")[2] for arn in arns}
        return tuple(one for one in STATE_SERVICES if one in services)

    @property
    def cache(self) -> tuple[str, ...]:
        """The cache and all its objects."""
        arn = self.found.cache_arn
        return everything(arn) if arn else ()


def _services(guards: Iterable[Policy]) -> set[str]:
    """Return the services that policies name."""
    return {
        service
        for guard in guards
        for statement in guard.statements
        if statement.is_allow and statement.principals is not None
        for service in statement.principals.services
    }


def _services_only(guard: Policy) -> bool:
    """Return whether a policy allows nothing to anybody but AWS services."""
    return all(
        statement.principals is not None
        and not statement.is_negated_principals
        and not statement.principals.has_everyone
        and len(statement.principals.services) == len(statement.principals.texts)
        for statement in guard.statements
        if statement.is_allow
    )
