"""From a certificate's JSON to values: strict, every complaint with its path, never a crash."""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from lakenb.errors import PolicyError
from lakenb.iam.patterns import Kind, Pattern, Variable, pattern
from lakenb.iam.proof.values import Cell, Modality, Obligation, Shape, Within
from lakenb.iam.requests import Principal, Sort, request
from lakenb.iam.shown import short
from lakenb.iam.truth import Decision

_KEYS: Final = (
    "lakenb", "claim", "verdict", "template", "world", "assumptions", "within", "cells", "statements",
)  # fmt: skip
_CLAIM: Final = ("claim", "subject", "text", "modality", "who", "zone", "needs")
_WHO: Final = ("label", "principal", "logical_id", "identity")
_SHAPE: Final = ("actions", "resources", "context")
_WORLD: Final = ("account", "region", "partition", "stack_name", "choices")
_WITHIN: Final = ("statement", "action", "resource", "need")
_CELL: Final = ("action", "resource", "context", "decision", "need")
_HOLDINGS: Final = ("template", "nothing", "everything")
_PROVED: Final = "proved"
_NOBODY: Final = Principal(Sort.ANONYMOUS, "")


@dataclass(frozen=True, slots=True)
class Asks:
    """Who asks, as a certificate names it.

    Parameters
    ----------
    label
        For people.
    principal
        Of the requests.
    logical_id
        Of the template; empty for a stranger.
    holds
        Whose policies it has: ``template``, ``nothing`` or ``everything``.
    """

    label: str
    principal: Principal
    logical_id: str
    holds: str


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate, read.

    Parameters
    ----------
    claim
        Its claim as JSON, to be compared.
    who, modality, zone, needs
        What is claimed.
    template
        The digest.
    world
        Account, region, partition and stack name, by these names.
    choices, assumptions
        In words.
    within, cells
        What was examined.
    statements
        What is relied on, as ``policy label, statement label``.
    """

    claim: Mapping[str, Any]
    who: Asks
    modality: Modality
    zone: Shape
    needs: tuple[Shape, ...]
    template: str
    world: Mapping[str, str]
    choices: tuple[str, ...]
    assumptions: tuple[str, ...]
    within: tuple[Within, ...]
    cells: tuple[Cell, ...]
    statements: tuple[str, ...]


def read(given: object) -> tuple[Certificate | None, tuple[str, ...]]:
    """Return a certificate, and what is wrong with its form; None where anything is.

    Parameters
    ----------
    given
        The JSON as a text or as `json.loads` reads it. Only in a text can a key be seen to stand twice.
    """
    reader = _Reader()
    if isinstance(given, (str, bytes)):
        given = reader.loaded(given)
    found = None if reader.complaints else reader.certificate(given)
    return (None if reader.complaints else found), tuple(reader.complaints)


def claim_of(obligation: Obligation) -> dict[str, Any]:
    """Return the claim that a certificate of an obligation has to make."""
    who = obligation.who
    holds = "template" if who.logical_id else "everything" if who.identity else "nothing"
    return {
        "claim": obligation.claim,
        "subject": obligation.subject,
        "text": obligation.text,
        "modality": obligation.modality.value,
        "who": {
            "label": who.label,
            "principal": who.principal.text,
            "logical_id": who.logical_id,
            "identity": holds,
        },
        "zone": _shape_json(obligation.zone),
        "needs": [_shape_json(each) for each in obligation.needs],
    }


def _shape_json(shape: Shape) -> dict[str, Any]:
    context = {key: list(globs) for key, globs in shape.context}
    return {"actions": list(shape.actions), "resources": list(shape.resources), "context": context}


def compiled(text: str, kind: Kind) -> Pattern:
    """Return a glob of an obligation as a pattern.

    Raises
    ------
    ValueError
        If it has a variable: an obligation names sets of requests, and nobody whose values it could take.
    """
    found = pattern(text, kind, has_variables=True)
    if any(isinstance(piece, Variable) for piece in found.pieces):
        raise ValueError("has a variable")
    return found


@dataclass(slots=True)
class _Reader:
    complaints: list[str] = field(default_factory=list)

    def complain(self, where: str, what: str) -> None:
        self.complaints.append(f"{where}: {what}")

    def loaded(self, text: str | bytes) -> object:
        def without_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
            found: dict[str, Any] = {}
            for key, value in pairs:
                if key in found:
                    self.complain("certificate", f"the key {short(key)} stands twice")
                found[key] = value
            return found

        def refuse(constant: str) -> None:
            raise ValueError(f"{constant} is no number of JSON")

        try:
            return json.loads(text, object_pairs_hook=without_twins, parse_constant=refuse)
        except (ValueError, RecursionError) as error:
            self.complain("certificate", f"it is no JSON: {error}")
            return None

    # --- shapes of JSON ---------------------------------------------------------------------------------

    def fields(self, value: object, where: str, keys: tuple[str, ...]) -> Mapping[str, Any]:
        """Return an object with exactly these keys; an empty one after a complaint."""
        if not isinstance(value, Mapping):
            self.complain(where, f"{short(value)} is no object")
            return {}
        for key in value:
            if key not in keys:
                near = difflib.get_close_matches(str(key), keys, n=1)
                self.complain(where, f"there is no key {short(key)}{f', only {near[0]!r}' if near else ''}")
        for key in keys:
            if key not in value:
                self.complain(where, f"the key {key!r} is missing")
        return value

    def items(self, value: object, where: str) -> list[Any]:
        if isinstance(value, (list, tuple)):
            return [*value]
        if value is not _ABSENT:
            self.complain(where, f"{short(value)} is no list")
        return []

    def text(self, value: object, where: str) -> str:
        if isinstance(value, str):
            return value
        if value is not _ABSENT:
            self.complain(where, f"{short(value)} is no text")
        return ""

    def texts(self, value: object, where: str) -> tuple[str, ...]:
        several = self.items(value, where)
        return tuple(self.text(each, f"{where}[{place}]") for place, each in enumerate(several))

    def word(self, value: object, where: str, words: tuple[str, ...]) -> str:
        found = self.text(value, where)
        if isinstance(value, str) and found not in words:
            self.complain(where, f"{short(value)} is none of {', '.join(words)}")
        return found if found in words else words[0]

    def need(self, value: object, where: str, count: int) -> int:
        if type(value) is int and 0 <= value < count:
            return value
        if value is not _ABSENT:
            self.complain(where, f"{short(value)} is no need: the claim has {count}")
        return 0

    # --- the certificate --------------------------------------------------------------------------------

    def certificate(self, given: object) -> Certificate:
        top = self.fields(given, "certificate", _KEYS)
        if "lakenb" in top and (type(top["lakenb"]) is not int or top["lakenb"] != 1):
            self.complain("lakenb", f"this checker reads form 1, not {short(top['lakenb'])}")
        if top.get("verdict", _PROVED) != _PROVED:
            self.complain("verdict", f"{short(top['verdict'])} is no proof: a certificate says 'proved'")
        claim = self.fields(top.get("claim", {}), "claim", _CLAIM) if "claim" in top else {}
        for name in ("claim", "subject", "text"):
            self.text(claim.get(name, _ABSENT), f"claim.{name}")
        modality = self.word(
            claim.get("modality", _ABSENT), "claim.modality", tuple(each.value for each in Modality)
        )
        several = enumerate(self.items(claim.get("needs", _ABSENT), "claim.needs"))
        needs = tuple(self.shape(each, f"claim.needs[{place}]") for place, each in several)
        zone = self.shape(claim["zone"], "claim.zone") if "zone" in claim else Shape((), ())
        world = self.fields(top["world"], "world", _WORLD) if "world" in top else {}
        return Certificate(
            claim=claim,
            who=self.who(claim["who"], "claim.who") if "who" in claim else Asks("", _NOBODY, "", "nothing"),
            modality=Modality(modality),
            zone=zone,
            needs=needs,
            template=self.text(top.get("template", _ABSENT), "template"),
            world={key: self.text(world.get(key, _ABSENT), f"world.{key}") for key in _WORLD[:-1]},
            choices=self.texts(world.get("choices", _ABSENT), "world.choices"),
            assumptions=self.texts(top.get("assumptions", _ABSENT), "assumptions"),
            within=tuple(
                self.within(each, f"within[{place}]", len(needs))
                for place, each in enumerate(self.items(top.get("within", _ABSENT), "within"))
            ),
            cells=tuple(
                self.cell(each, f"cells[{place}]", len(needs))
                for place, each in enumerate(self.items(top.get("cells", _ABSENT), "cells"))
            ),
            statements=self.texts(top.get("statements", _ABSENT), "statements"),
        )

    def who(self, value: object, where: str) -> Asks:
        given = self.fields(value, where, _WHO)
        principal = _NOBODY
        if "principal" in given:
            principal = self.principal(given["principal"], f"{where}.principal")
        return Asks(
            self.text(given.get("label", _ABSENT), f"{where}.label"),
            principal,
            self.text(given.get("logical_id", _ABSENT), f"{where}.logical_id"),
            self.word(given.get("identity", _ABSENT), f"{where}.identity", _HOLDINGS),
        )

    def principal(self, value: object, where: str) -> Principal:
        """Return who asks: by ARN, or by the name of a service or identity provider."""
        text = self.text(value, where)
        for named in (text, {"Service": text}, {"Federated": text}):
            try:
                return request(named, "s3:GetObject", "*").principal
            except PolicyError:
                continue
        if isinstance(value, str):
            self.complain(where, f"{short(value)} is no principal")
        return _NOBODY

    def shape(self, value: object, where: str) -> Shape:
        given = self.fields(value, where, _SHAPE)
        actions = self.globs(given.get("actions", _ABSENT), f"{where}.actions", Kind.LIKE)
        resources = self.globs(given.get("resources", _ABSENT), f"{where}.resources", Kind.RESOURCE)
        context = self.keyed(given.get("context", _ABSENT), f"{where}.context", Kind.LIKE)
        return Shape(actions, resources, tuple(sorted(context.items())))

    def globs(self, value: object, where: str, kind: Kind) -> tuple[str, ...]:
        found = self.texts(value, where)
        for text in found:
            try:
                compiled(text, kind)
            except ValueError as error:
                self.complain(where, f"{short(text)} {error}")
        return found

    def keyed(self, value: object, where: str, kind: Kind | None) -> dict[str, tuple[str, ...]]:
        if value is _ABSENT:
            return {}
        if not isinstance(value, Mapping):
            self.complain(where, f"{short(value)} is no object")
            return {}
        found = {}
        for key, several in value.items():
            place = f"{where}.{short(key)}"
            if not isinstance(key, str) or key != key.lower() or not key:
                self.complain(place, "keys are texts in lower case")
                continue
            found[key] = self.texts(several, place) if kind is None else self.globs(several, place, kind)
            if not found[key]:
                self.complain(place, "the list is empty")
        return found

    def within(self, value: object, where: str, needs: int) -> Within:
        given = self.fields(value, where, _WITHIN)
        statement, action, resource = (
            self.text(given.get(name, _ABSENT), f"{where}.{name}") for name in _WITHIN[:-1]
        )
        return Within(
            statement, action, resource, self.need(given.get("need", _ABSENT), f"{where}.need", needs)
        )

    def cell(self, value: object, where: str, needs: int) -> Cell:
        given = self.fields(value, where, _CELL)
        need = given.get("need")
        decisions = tuple(each.value for each in Decision)
        decision = self.word(given.get("decision", _ABSENT), f"{where}.decision", decisions)
        return Cell(
            action=self.text(given.get("action", _ABSENT), f"{where}.action"),
            resource=self.text(given.get("resource", _ABSENT), f"{where}.resource"),
            context=tuple(
                sorted(self.keyed(given.get("context", _ABSENT), f"{where}.context", None).items())
            ),
            decision=Decision(decision),
            need=None if need is None else self.need(need, f"{where}.need", needs),
        )


class _Absent:
    """Stands for a key that is missing, which was said already."""


_ABSENT: Final = _Absent()
