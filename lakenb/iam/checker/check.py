"""Verify a certificate again, from the template itself."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from lakenb.errors import LakenbError, PolicyError
from lakenb.iam.checker.coverage import Coverage
from lakenb.iam.checker.forms import Certificate, claim_of, read
from lakenb.iam.checker.setting import Setting, Signature, compiled_set, is_assumed
from lakenb.iam.evaluator import evaluate
from lakenb.iam.parser import policy
from lakenb.iam.policies import PolicyKind
from lakenb.iam.proof.values import Modality
from lakenb.iam.shown import short
from lakenb.iam.stacks.read import Reader
from lakenb.iam.stacks.source import Source, digest
from lakenb.iam.truth import YES, Decision

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lakenb.iam.policies import Policy
    from lakenb.iam.proof.values import Cell, Obligation
    from lakenb.iam.requests import Principal, Request
    from lakenb.iam.stacks.world import World

_NONE: Final[Mapping[str, str]] = MappingProxyType({})
_EVERYTHING: Final = policy(
    {"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}},
    PolicyKind.IDENTITY,
    label="a policy that allows everything",
)
_SHOWN: Final = 12
_DENIED: Final = frozenset({Decision.EXPLICITLY_DENIED, Decision.IMPLICITLY_DENIED})


def check(
    certificate: Mapping[str, Any] | str | bytes,
    source: Source,
    obligation: Obligation | None = None,
    *,
    parameters: Mapping[str, str] = _NONE,
    physical: Mapping[str, str] = _NONE,
) -> tuple[str, ...]:
    """Return what is wrong with a certificate; nothing where it holds.

    It is verified from the template: the world is read again, every class of requests that policies and
    needs can tell apart is computed again, and every cell is decided again. Nothing of the prover is used.

    Parameters
    ----------
    certificate
        As `lakenb.iam.proof.certificate.certificate` makes it, or as JSON.
    source
        The template that it is said to be about.
    obligation
        What it is said to prove; None: whatever it claims.
    parameters, physical
        As the template was read with, if it was: `lakenb.iam.stacks.read.Reader.worlds`.

    Returns
    -------
    tuple[str, ...]
        Complaints, one sentence each with its place in the certificate. A certificate that the checker
        cannot follow gets one, too: what is not checked is not accepted.
    """
    return Checker(source, parameters=parameters, physical=physical).check(certificate, obligation)


class Checker:
    """The checker of one template: it reads the template once for all its certificates.

    Parameters
    ----------
    source
        The template.
    parameters, physical
        As `check` takes them.
    """

    def __init__(
        self,
        source: Source,
        *,
        parameters: Mapping[str, str] = _NONE,
        physical: Mapping[str, str] = _NONE,
    ) -> None:
        self._source = source
        self._parameters = parameters
        self._physical = physical
        self._digest = digest(source)
        self._worlds: dict[tuple[str, ...], tuple[World, ...]] = {}

    def check(
        self, certificate: Mapping[str, Any] | str | bytes, obligation: Obligation | None = None
    ) -> tuple[str, ...]:
        """Return what is wrong with a certificate, as `check` does."""
        found, complaints = read(certificate)
        if found is None:
            return complaints
        return tuple(self._complaints(found, obligation))

    def _complaints(self, found: Certificate, obligation: Obligation | None) -> Iterator[str]:
        if obligation is not None:
            yield from _other_claims(found, obligation)
        if found.template != self._digest:
            told, own = found.template[:_SHOWN], self._digest[:_SHOWN]
            yield f"template: the certificate is of another one, {short(told)} and not {short(own)}"
            return
        try:
            world = self._world(found)
        except (LakenbError, ValueError) as error:
            (first, *_) = str(error).splitlines()
            yield f"world: the template cannot be read so: {first}"
            return
        if isinstance(world, str):
            yield world
            return
        yield from _unsaid(found, world)
        # the reader's word for worlds that it did not follow: nothing is proved by some of them
        yield from (f"world: {each.what}" for each in world.unresolved if each.logical_id == "template")
        setting = _setting(found, world)
        if isinstance(setting, str):
            yield setting
            return
        yield from _examined(found, setting)

    def _world(self, found: Certificate) -> World | str:
        """Return the world that a certificate is about, or a complaint."""
        told = found.world
        key = (told["account"], told["region"], told["stack_name"])
        worlds = self._worlds.get(key)
        if worlds is None:
            account, region, stack_name = key
            worlds = self._worlds[key] = Reader().worlds(
                self._source,
                parameters=self._parameters,
                account=account,
                region=region,
                stack_name=stack_name,
                physical=self._physical,
            )
        chosen = [each for each in worlds if each.choices == found.choices]
        if len(chosen) != 1:
            choices = "; ".join(found.choices) or "no choices"
            return f"world: the template has {len(chosen)} worlds with {choices}"
        world = chosen[0]
        for name, value in (
            ("account", world.account),
            ("region", world.region),
            ("partition", world.partition),
            ("stack_name", world.stack_name),
        ):
            if told[name] != value:
                return f"world.{name}: it is {value!r}, not {told[name]!r}"
        return world


def _other_claims(found: Certificate, obligation: Obligation) -> Iterator[str]:
    """Yield where a certificate claims another thing than what was to be proved."""
    wanted = claim_of(obligation)
    for name, value in wanted.items():
        said = found.claim[name]
        if said != value:
            yield f"claim.{name}: {short(said)} is not what was to be proved, {short(value)}"
    identity = obligation.who.identity
    if wanted["who"]["identity"] == "everything" and not _allows_everything(identity):
        yield "claim.who.identity: the obligation gives policies of its own, which no certificate can name"


def _allows_everything(identity: tuple[Policy, ...]) -> bool:
    return any(
        each.is_allow
        and each.actions.texts == ("*",)
        and not each.actions.is_negated
        and each.resources is not None
        and not each.is_negated_resources
        and [pattern.source for pattern in each.resources] == ["*"]
        and not each.conditions
        for one in identity
        for each in one.statements
    ) and all(each.is_allow for one in identity for each in one.statements)


def _unsaid(found: Certificate, world: World) -> Iterator[str]:
    for each in world.assumptions:
        if each not in found.assumptions:
            yield f"assumptions: one of the template is left out: {each}"


def _setting(found: Certificate, world: World) -> Setting | str:
    """Return what a certificate is about, or a complaint."""
    who = found.who
    identity: tuple[Policy, ...] = ()
    boundaries: tuple[Policy, ...] = ()
    if who.holds == "template":
        known = world.identities.get(who.logical_id)
        if known is None or known.principal is None:
            return f"claim.who: no role or user of the template is {who.logical_id!r}"
        if known.principal != who.principal:
            told = f"{who.logical_id} is {known.principal.text}, not {who.principal.text}"
            return f"claim.who: {told}"
        identity, boundaries = known.policies, known.boundaries
    else:
        if who.logical_id:
            return f"claim.who: {who.logical_id!r} of the template has policies of its own"
        own = [each for each in world.identities.values() if _is_same(each.principal, who.principal)]
        if own:
            return f"claim.who: {who.principal.text} is {own[0].logical_id}, whose policies count"
        identity = (_EVERYTHING,) if who.holds == "everything" else ()
    if not found.zone.actions or not found.zone.resources:
        return "claim.zone: it is empty"
    return Setting(
        world=world,
        principal=who.principal,
        identity=identity,
        boundaries=boundaries,
        zone=compiled_set(found.zone),
        needs=tuple(map(compiled_set, found.needs)),
        is_exact=found.modality is Modality.CAN,
    )


def _is_same(known: Principal | None, asks: Principal) -> bool:
    """Return whether two are one identity: a role's session is the role."""
    if known is None:
        return False
    if not (known.has_own_policies and asks.has_own_policies):
        return known == asks
    return (known.account, known.name) == (asks.account, asks.name) and (
        (known.sort.value == "user") == (asks.sort.value == "user")
    )


# --- what was examined ----------------------------------------------------------------------------------


def _examined(found: Certificate, setting: Setting) -> Iterator[str]:
    known: set[Signature] = set()
    relied_on = {each.statement for each in found.within}
    own_keys = _listed(setting.zone.context)
    for number, cell in enumerate(found.cells):
        where = f"cells[{number}]"
        try:
            request = setting.request(cell.action, cell.resource, dict(cell.context))
        except PolicyError as error:
            yield f"{where}: {error.fault.what}"
            continue
        for key in dict(cell.context):
            if key in setting.principal.keys and request.context[key] != setting.principal.keys[key]:
                yield f"{where}.context: {key} contradicts who asks"
        if not setting.is_in_zone(request):
            yield f"{where}: {cell.action} on {setting.world.shown(cell.resource)} lies outside the zone"
        if setting.is_exact and set(request.context) != set(setting.zone.context):
            yield f"{where}.context: a request of the zone carries {own_keys} and no more"
        decision = evaluate(request, setting.in_force(request))
        covering = frozenset(setting.covering(request))
        yield from (f"{where}{fault}" for fault in _misjudged(cell, decision, covering, setting))
        known.add(setting.signature(request))
        relied_on.update(_deciding(setting, request, decision))
    yield from _relied_on(found, setting, relied_on)
    yield from Coverage(setting, found.within, frozenset(known)).complaints()


def _deciding(setting: Setting, request: Request, decision: Decision) -> Iterator[str]:
    """Yield the statements that a decision is certain by; none where nothing is."""
    for stated, truth in setting.hits(request):
        is_allow = stated.statement.is_allow
        match decision:
            case Decision.EXPLICITLY_DENIED:
                counts = not is_allow and truth == YES
            case Decision.ALLOWED:
                counts = is_allow and truth == YES
            case _:
                counts = False
        if counts and not is_assumed(stated.name):
            yield stated.name


def _listed(keys: Mapping[str, object]) -> str:
    return ", ".join(keys) or "no key"


def _misjudged(cell: Cell, decision: Decision, covering: frozenset[int], setting: Setting) -> Iterator[str]:
    """Yield what is wrong with what a certificate says of a cell, each beginning with its place in it."""
    what = f"{cell.action} on {setting.world.shown(cell.resource)}"
    if cell.decision is not decision:
        yield f".decision: {what} is {decision.value}, not {cell.decision.value}"
    if cell.need is None and covering:
        yield f".need: need {min(covering)} covers {what}"
    elif cell.need is not None and cell.need not in covering:
        yield f".need: need {cell.need} does not cover {what}"
    if setting.is_exact:
        if decision is not Decision.ALLOWED:
            yield f": the claim is broken: {what} is {decision.value}"
    elif decision not in _DENIED and not covering:
        yield f": the claim is broken: {what} is {decision.value} and no need covers it"


def _relied_on(found: Certificate, setting: Setting, relied_on: set[str]) -> Iterator[str]:
    """Yield the statements that count and are not named, and the named ones that do not exist."""
    world = setting.world
    policies = [*setting.identity, *setting.boundaries, *world.guards.values()]
    policies += [each.policy for each in world.endpoints if each.policy is not None]
    known = {f"{each.label}, {one.label}" for each in policies for one in each.statements}
    for name in found.statements:
        if name not in known and not is_assumed(name):
            yield f"statements: no policy in force has {name}"
    for name in sorted(relied_on - set(found.statements)):
        yield f"statements: {name} is relied on and not named"
