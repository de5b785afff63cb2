"""What is wrong, as values: which node, which action, which resource, why, and how to mend it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from lakenb.iam.proof.values import Modality, Verdict
from lakenb.iam.questions.doors import opened
from lakenb.iam.requests import Sort
from lakenb.iam.truth import NO, Decision
from lakenb.review.naming import Naming, verb

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lakenb.iam.policies import Policy, Statement
    from lakenb.iam.proof.values import Obligation, Outcome, Witness
    from lakenb.review.case import Case


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that breaks a claim, or leaves it open.

    Parameters
    ----------
    claim, subject
        The claim's id, and the node or resource that it is about.
    verdict
        FAILED or UNDECIDED.
    sentence
        What is wrong, in the words of the pipeline.
    witness
        The request that shows it; None where no request does.
    remedy
        How to mend it.
    statement
        The statement that decides; empty where none does.
    when
        Under which choices of parameters and conditions; empty where under all.
    request
        The witness in the words of the pipeline - node, action, resource - as `LocalSession.attempt` takes
        it; empty where a function of the pipeline cannot make it.
    """

    claim: str
    subject: str
    verdict: Verdict
    sentence: str
    witness: Witness | None = None
    remedy: str = ""
    statement: str = ""
    when: str = ""
    request: tuple[str, ...] = ()

    def lines(self) -> tuple[str, ...]:
        """Return the finding as lines of text, the sentence first."""
        when = f" ({self.when})" if self.when else ""
        found = [f"{self.claim} {_SHOUTED[self.verdict]}: {self.sentence}{when}"]
        if self.witness is not None:
            found.append(f"request: {request_line(self.witness)}")
        if self.remedy:
            found.append(f"mend: {self.remedy}")
        return tuple(found)

    def __str__(self) -> str:
        """Return the finding on a few lines."""
        first, *rest = self.lines()
        return "\n".join((first, *(f"    {line}" for line in rest)))


def together(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return the findings with one for each statement that lets several in: the widest of them.

    A statement that lets everybody in is one thing to mend, whoever is asked about.
    """
    groups: dict[tuple[object, ...], list[Finding]] = {}
    for number, one in enumerate(findings):
        is_excess = one.witness is not None and one.statement and one.witness.decision is Decision.ALLOWED
        key = (one.claim, one.statement, one.when, one.verdict) if is_excess else (number,)
        groups.setdefault(key, []).append(one)
    return tuple(map(_widest, groups.values()))


def _widest(group: list[Finding]) -> Finding:
    first, *others = sorted(group, key=lambda one: _width(one.witness.who if one.witness else ""))
    names = list(dict.fromkeys(one.witness.who for one in others if one.witness is not None))
    names = [name for name in names if first.witness is None or name != first.witness.who]
    if not names:
        return first
    shown = ", ".join(names[:_SHOWN]) + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")
    return replace(first, sentence=f"{first.sentence}; so may {shown}")


def _width(who: str) -> int:
    for number, name in enumerate(("anonymous", "another account", "any other service", "another role")):
        if who.startswith(name):
            return number
    return len(who) + 4


_SHOWN = 2
_SHOUTED = {Verdict.PROVED: "proved", Verdict.FAILED: "FAILED", Verdict.UNDECIDED: "undecided"}


def request_line(witness: Witness) -> str:
    """Return a request with its decision on one line, as it can be asked again."""
    context = ", ".join(f"{key}={'|'.join(values)}" for key, values in witness.context)
    carrying = f" with {context}" if context else ""
    asked = f"{witness.principal} {witness.action} {witness.resource}{carrying}"
    return f"{asked}: {witness.decision.value}"


def finding(case: Case, naming: Naming, obligation: Obligation, outcome: Outcome) -> Finding:
    """Return what an obligation that does not hold says to people."""
    witness = outcome.witness
    if witness is None:
        sentence = f"it is undecided whether {obligation.text}: {naming.shown(outcome.why)}"
        return Finding(obligation.claim, obligation.subject, outcome.verdict, sentence)
    if obligation.modality is Modality.CAN:
        sentence, remedy = _missing(case, naming, obligation, outcome.verdict, witness)
    else:
        sentence, remedy = _excess(case, naming, obligation, outcome.verdict, witness)
    return Finding(
        obligation.claim,
        obligation.subject,
        outcome.verdict,
        sentence,
        witness,
        remedy,
        witness.statement,
        request=_request(case, naming, obligation, witness),
    )


def _request(case: Case, naming: Naming, obligation: Obligation, witness: Witness) -> tuple[str, ...]:
    """Return the request as a node of the pipeline makes it; nothing where none can."""
    for node, one in case.found.nodes.items():
        word = naming.word(witness.resource)
        if word and obligation.who.logical_id and one.role == obligation.who.logical_id:
            return (node, witness.action, word)
    return ()


def _who(case: Case, obligation: Obligation) -> str:
    who = obligation.who
    for node, one in case.found.nodes.items():
        if who.logical_id and one.role == who.logical_id and node in case.wanted.nodes:
            return f"'{node}'"
    for extra in case.extras:
        if who.logical_id == extra.role:
            return extra.words
    if who.logical_id:
        return f"{who.logical_id}, which is no node's,"
    if who.principal.sort is Sort.SERVICE:
        return who.label
    return {"anonymous": "anybody, unasked,"}.get(who.label, who.label)


def _closing(obligation: Obligation) -> str:
    """Return how a resource is closed to those who come without TLS; empty for other claims."""
    if obligation.claim == "P7":
        return _DENIES[obligation.zone.actions[0].partition(":")[0]]
    return _BY_ACCESS_POINT if obligation.zone.actions[-1] == _ROOT else ""


def _missing(
    case: Case, naming: Naming, obligation: Obligation, verdict: Verdict, witness: Witness
) -> tuple[str, str]:
    """Return the sentence on something that cannot be done, and its mend."""
    who = _who(case, obligation)
    cannot = "cannot" if verdict is Verdict.FAILED else "may not be able to"
    place = naming.resource(witness.resource)
    why = naming.shown(_because(witness))
    sentence = f"{who} {cannot} {verb(witness.action)} {place} ({obligation.text}): {why}"
    if witness.decision is Decision.EXPLICITLY_DENIED and witness.statement:
        return sentence, f"take {who} out of {naming.shown(witness.statement)}"
    whose = "the policy of the resource" if obligation.who.principal.sort is Sort.SERVICE else "its role"
    what = naming.pattern(obligation.zone.resources[0])
    return sentence, f"let {whose} allow {witness.action} on {what}"


def _because(witness: Witness) -> str:
    first = witness.reasons[0] if witness.reasons else witness.decision.value
    for word, kept in ((" because ", ""), (" with an explicit deny", "an explicit deny")):
        if word in first:
            return f"{kept}{first[first.index(word) + len(word) :]}"
    return first


def _excess(
    case: Case, naming: Naming, obligation: Obligation, verdict: Verdict, witness: Witness
) -> tuple[str, str]:
    """Return the sentence on something that can be done and must not, and its mend."""
    who = _who(case, obligation)
    may = "may" if verdict is Verdict.FAILED else "can perhaps"
    place = naming.resource(witness.resource)
    found = _statement(case, obligation, witness)
    what, why, remedy = f"{place}", "", ""
    if found is not None:
        policy, statement, source = found
        whole = naming.pattern(source)
        what = place if whole == place else f"{whole}, for example {place}"
        label = naming.shown(f"{statement.label} of {policy.label}")
        label = label if label.startswith("statement") else f"statement {label}"
        door = "" if obligation.claim in _WITHOUT_DOORS else _door(statement, witness.action)
        why = f": {label} ({policy.kind}) allows it{door}"
        remedy = _narrower(obligation, label, witness)
    how = _carrying(obligation, witness)
    return f"{who} {may} {verb(witness.action)} {what}{how}{why}", remedy or _closed(obligation, naming)


def _carrying(obligation: Obligation, witness: Witness) -> str:
    """Return the part of the request's context that makes it wrong."""
    carried = dict(witness.context)
    if obligation.claim == "P7":
        if carried.get("aws:securetransport") == ("false",):
            return " without TLS"
        return f" with TLS {carried.get('s3:tlsversion', ('?',))[0]}"
    if obligation.who.principal.sort is Sort.SERVICE:
        source = carried.get("aws:sourcearn")
        return f" for {source[0]}" if source else " for anybody"
    return ""


def _statement(case: Case, obligation: Obligation, witness: Witness) -> tuple[Policy, Statement, str] | None:
    """Return the statement that decided, with the resource of it that fits.

    Where a policy decided that the template does not hold, the role's own one that asks for it.
    """
    guard = case.world.guard(witness.resource)
    policies = (*obligation.who.identity, *((guard,) if guard else ()))
    allows = [(policy, one) for policy in policies for one in policy.statements if one.is_allow]
    named = [(policy, one) for policy, one in allows if f"{policy.label}, {one.label}" == witness.statement]
    action = witness.action.lower()
    for policy, one in named or [pair for pair in allows if pair[1].actions.cover(action)]:
        source = _fitting(one, witness.resource)
        if source or named:
            return policy, one, source or witness.resource
    return None


def _fitting(statement: Statement, resource: str) -> str:
    """Return the text of a statement that covers a resource; empty where none does."""
    for pattern in statement.resources or ():
        if pattern.matcher is None or pattern.matcher(resource) != NO:
            return pattern.source
    return ""


def _door(statement: Statement, action: str) -> str:
    """Return what an action opens beside itself."""
    if action in _OPENED:
        return f"; with it one {_OPENED[action]}"
    others = [door for door in _OPENED if statement.actions.cover(door.lower())]
    return f"; it also allows {others[0]}, with which one {_OPENED[others[0]]}" if others else ""


def _narrower(obligation: Obligation, label: str, witness: Witness) -> str:
    closing = _closing(obligation)
    if closing:
        return closing
    if obligation.claim == "P8" and obligation.zone.context:
        own = "its function's own ARN in lambda:SourceFunctionArn"
        return f"deny {obligation.subject}'s role what attaches functions to networks, with {own}"
    if obligation.claim == "P8" and obligation.who.logical_id:
        return f"give {label} the condition aws:SourceVpce with the VPC's endpoint for S3"
    if obligation.claim == "P8":
        return f"let the policy of {obligation.subject} name the pipeline's resources only"
    if obligation.who.principal.sort is Sort.SERVICE and obligation.needs:
        keys = sorted({key for need in obligation.needs for key, _ in need.context})
        return f"give {label} the condition {' and '.join(map(_cased, keys))} with the pipeline's own source"
    return f"take {witness.action} out of {label}, or narrow its resources to what is needed"


_OPENED = opened()
_WITHOUT_DOORS = frozenset({"P7", "P8"})  # a missing deny, a missing ceiling: neither grants
_DENIES = {
    "s3": "deny s3:* to everyone on the bucket and its objects, once where aws:SecureTransport is false and "
    "once more where s3:TlsVersion is below 1.2",
    "sqs": "deny sqs:* to everyone on the queue where aws:SecureTransport is false",
    "sns": "deny sns:Publish to everyone on the topic where aws:SecureTransport is false",
    "elasticfilesystem": "deny elasticfilesystem:Client* to everyone in FileSystemPolicy where "
    "aws:SecureTransport is false",
}
_ROOT = "elasticfilesystem:ClientRootAccess"
_BY_ACCESS_POINT = (
    "deny elasticfilesystem:Client* to everyone in FileSystemPolicy where elasticfilesystem:AccessPointArn "
    "is not there (Null), and elasticfilesystem:ClientRootAccess always"
)
_CASED = {"aws:sourcearn": "aws:SourceArn", "aws:sourceaccount": "aws:SourceAccount"}


def _cased(key: str) -> str:
    return _CASED.get(key, key)


def _closed(obligation: Obligation, naming: Naming) -> str:
    closing = _closing(obligation)
    if closing:
        return closing
    return f"deny it in the policy of {naming.resource(obligation.zone.resources[0])}"
