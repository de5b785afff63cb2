"""What became of the ten claims: a value that a reviewer reads in ten seconds, and a program as JSON."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from lakenb.iam.proof.values import Verdict
from lakenb.iam.stacks.source import digest
from lakenb.records.tables import Table, printable
from lakenb.review.claims import ALWAYS, BY_ID, CLAIMS
from lakenb.review.findings import request_line

if TYPE_CHECKING:
    from lakenb.iam.stacks.source import Source
    from lakenb.review.findings import Finding

_WORDS = {Verdict.PROVED: "proved", Verdict.FAILED: "FAILED", Verdict.UNDECIDED: "undecided", None: "—"}
ALL_CLAIMS = f"{CLAIMS[0].id}-{CLAIMS[-1].id}"
LIVENESS = "P10"
_MOST = 20  # findings that a text shows; all are in .findings
_SIGNS = {Verdict.FAILED: "✗ FAILED", Verdict.UNDECIDED: "undecided", Verdict.PROVED: "proved", None: "—"}


@dataclass(frozen=True, slots=True)
class ClaimResult:
    """What became of one claim.

    Parameters
    ----------
    claim, title
        Such as ``P1`` and ``Least privilege``.
    verdict
        None where the pipeline gives nothing to prove.
    proved, failed, undecided
        How many obligations.
    liveness
        What became of the claim's liveness obligations, which count under P10; None where there are none.
    note
        Why there is nothing to prove, or what the proof leaves out.
    """

    claim: str
    title: str
    verdict: Verdict | None
    proved: int = 0
    failed: int = 0
    undecided: int = 0
    liveness: Verdict | None = None
    note: str = ""

    @property
    def count(self) -> str:
        """How many obligations, in words."""
        whole = self.proved + self.failed + self.undecided
        broken = [f"{self.failed} failed"] if self.failed else []
        broken += [f"{self.undecided} undecided"] if self.undecided else []
        if not whole:
            return self.note
        noun = "obligation" if whole == 1 else "obligations"
        return f"{', '.join(broken)} of {whole} {noun}" if broken else f"{whole} {noun}"


@dataclass(frozen=True, slots=True, repr=False)
class Verification:
    """The ten claims on one template.

    Parameters
    ----------
    claims
        P1 to P10, in this order.
    findings
        What failed, then what is undecided, by claims.
    assumptions
        What the proofs take for granted.
    exceptions
        What AWS does not offer: neither proved nor failed.
    notes
        What the promises do not cover here.
    name
        Of the template or pipeline.
    source
        The template.
    """

    claims: tuple[ClaimResult, ...]
    findings: tuple[Finding, ...]
    assumptions: tuple[str, ...]
    exceptions: tuple[str, ...]
    notes: tuple[str, ...] = ()
    name: str = ""
    source: Source | None = field(default=None, compare=False)
    _certificates: tuple[dict[str, Any], ...] = field(default=(), compare=False)

    @property
    def is_proved(self) -> bool:
        """Whether every claim that has anything to prove is proved."""
        return all(one.verdict in {Verdict.PROVED, None} for one in self.claims)

    @property
    def failed(self) -> tuple[str, ...]:
        """The ids of the claims that failed."""
        return tuple(one.claim for one in self.claims if one.verdict is Verdict.FAILED)

    @property
    def digest(self) -> str:
        """SHA-256 of the template as it is now, nested ones included; empty where it is not known."""
        return "" if self.source is None else digest(self.source)

    def certificates(self) -> tuple[dict[str, Any], ...]:
        """Return a certificate for each proof, as `lakenb.iam.checker.check` takes them.

        There are none unless they were asked for: ``verify(..., certificates=True)``.
        """
        return self._certificates

    @property
    def table(self) -> Table:
        """One row a claim: claim, title, secrecy, liveness, obligations."""
        rows = tuple((one.claim, one.title, *map(_SIGNS.get, _sides(one)), one.count) for one in self.claims)
        return Table("claims", ("claim", "title", "secrecy", "liveness", "obligations"), rows)

    @property
    def found(self) -> Table:
        """One row a finding: claim, subject, verdict, what is wrong, request, mend."""
        rows = tuple(
            (
                one.claim,
                one.subject,
                _SIGNS[one.verdict],
                f"{one.sentence} ({one.when})" if one.when else one.sentence,
                "" if one.witness is None else request_line(one.witness),
                one.remedy,
            )
            for one in self.findings
        )
        columns = ("claim", "subject", "verdict", "what is wrong", "request", "mend")
        return Table("findings", columns, rows, identifiers=frozenset({"request"}))

    @property
    def summary(self) -> str:
        """One line."""
        about = f"'{self.name}'" if self.name else "the template"
        if self.is_proved:
            nothing = sum(one.verdict is None for one in self.claims)
            rest = f"; for {nothing} there is nothing to prove here" if nothing else ""
            return f"{about}: {len(self.claims) - nothing} claims proved{rest}"
        counts = [
            f"{number} {_WORDS[verdict]}"
            for verdict in (Verdict.FAILED, Verdict.UNDECIDED, Verdict.PROVED)
            if (number := sum(one.verdict is verdict for one in self.claims))
        ]
        return f"{about}: of {len(self.claims)} claims {', '.join(counts)}"

    def __repr__(self) -> str:
        """Return ten lines, what is wrong below them, then exceptions and assumptions."""
        lines = [self.summary]
        wide = max((len(one.title) for one in self.claims), default=0)
        lines += [
            f"  {one.claim:<4} {one.title:<{wide}}  {_WORDS[one.verdict]:<10} {one.count}".rstrip()
            for one in self.claims
        ]
        for found in self.findings[:_MOST]:
            lines += ["", *str(found).split("\n")]
        if len(self.findings) > _MOST:
            lines += ["", f"… and {len(self.findings) - _MOST} more in .findings"]
        if self.exceptions:
            lines += ["", "exceptions, neither proved nor failed:", *_indented(self.exceptions)]
        if self.notes:
            lines += ["", "not covered:", *_indented(self.notes)]
        if self.assumptions:
            lines += ["", "assumed:", *_indented(self.assumptions)]
        return "\n".join(map(printable, lines))

    def _repr_html_(self) -> str | None:
        """Return the table of claims, the findings, exceptions and assumptions as HTML."""
        try:
            from lakenb.records.table_html import (  # noqa: PLC0415 - pandas only when used
                STYLE,
                bare_html,
                cell_html,
                notes_html,
            )
        except ImportError:
            return None
        parts = [STYLE, '<div class="lakenb-box">\n', bare_html(self.table, self.summary)]
        if self.findings:
            parts.append(bare_html(self.found))
        kinds = (
            ("exceptions, neither proved nor failed", self.exceptions),
            ("not covered", self.notes),
            ("assumed", self.assumptions),
        )
        for title, sentences in kinds:
            if sentences:
                heading = f"<summary>{cell_html(f'{title}: {len(sentences)}')}</summary>"
                parts.append(f'<details class="lakenb-more">{heading}{notes_html(sentences)}</details>\n')
        return "".join((*parts, "</div>"))

    def json(self) -> dict[str, Any]:
        """Return everything as JSON values."""
        return {
            "name": self.name,
            "template": self.digest,
            "proved": self.is_proved,
            "claims": [_claim_json(one) for one in self.claims],
            "findings": [_finding_json(one) for one in self.findings],
            "exceptions": list(self.exceptions),
            "notes": list(self.notes),
            "assumptions": list(self.assumptions),
        }


def _sides(one: ClaimResult) -> tuple[Verdict | None, Verdict | None]:
    """Return what became of a claim's secrecy and of its liveness; the last claim is of liveness alone."""
    return (None, one.verdict) if one.claim == LIVENESS else (one.verdict, one.liveness)


def _indented(sentences: tuple[str, ...]) -> list[str]:
    return [f"  {sentence}" for sentence in sentences]


def _claim_json(one: ClaimResult) -> dict[str, Any]:
    claim = BY_ID[one.claim]
    return {
        "claim": one.claim,
        "title": one.title,
        "secrecy": claim.secrecy,
        "liveness": claim.liveness,
        "verdict": "nothing to prove" if one.verdict is None else one.verdict.value,
        "liveness_verdict": "nothing to prove" if one.liveness is None else one.liveness.value,
        "obligations": {"proved": one.proved, "failed": one.failed, "undecided": one.undecided},
        "note": one.note,
    }


def _finding_json(one: Finding) -> dict[str, Any]:
    witness = one.witness
    request = None
    if witness is not None:
        request = {
            "principal": witness.principal,
            "action": witness.action,
            "resource": witness.resource,
            "context": {key: list(values) for key, values in witness.context},
            "decision": witness.decision.value,
            "reasons": list(witness.reasons),
        }
    return {
        "claim": one.claim,
        "subject": one.subject,
        "verdict": one.verdict.value,
        "sentence": one.sentence,
        "when": one.when,
        "request": request,
        "statement": one.statement,
        "mend": one.remedy,
    }


def assumed(extra: tuple[str, ...]) -> tuple[str, ...]:
    """Return every assumption once: of the model, of each claim, of the template."""
    of_claims = (sentence for claim in BY_ID.values() for sentence in claim.assumptions)
    return tuple(dict.fromkeys((*ALWAYS, *of_claims, *extra)))
