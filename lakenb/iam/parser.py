"""From a policy as AWS writes it to a `Policy`: strict, with every fault and its path.

Page: IAM User Guide, "Grammar of the IAM JSON policy language".
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from lakenb.errors import Fault, PolicyError
from lakenb.iam.conditions import Condition, condition
from lakenb.iam.patterns import Kind, Pattern, pattern
from lakenb.iam.policies import Actions, Policy, PolicyKind, Statement, indexed
from lakenb.iam.principals import SORTS, Named, named
from lakenb.iam.shown import short

_NEW, _OLD = "2012-10-17", "2008-10-17"
_KEYS = ("Version", "Id", "Statement")
_STATEMENT_KEYS = (
    "Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource",
    "Condition",
)  # fmt: skip
_ACTION = re.compile(r"\*+|[A-Za-z0-9_*?-]+:[A-Za-z0-9_*?-]+")


def policy(document: object, kind: PolicyKind, *, where: str = "policy", label: str = "") -> Policy:
    """Return a policy, compiled and indexed.

    Parameters
    ----------
    document
        As `json.loads` reads it.
    kind
        Where the policy stands: it decides which elements a statement must have.
    where
        How faults name it.
    label
        What explanations call it; ``where`` by default.

    Raises
    ------
    PolicyError
        If it is malformed, with every fault.

    Examples
    --------
    >>> read = {"Statement": {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}}
    >>> [statement.label for statement in policy(read, PolicyKind.IDENTITY).statements]
    ['statement 1']
    """
    reader = _Reader(kind)
    statements = tuple(reader.document(document, where))
    if reader.faults:
        raise PolicyError(reader.faults)
    by_service, anywhere = indexed(statements)
    return Policy(kind, label or where, statements, by_service, anywhere)


@dataclass(slots=True)
class _Reader:
    kind: PolicyKind
    faults: list[Fault] = field(default_factory=list)
    has_variables: bool = False

    def fault(self, what: str, where: str, mend: str) -> None:
        self.faults.append(Fault(what, where, mend))

    def document(self, document: object, where: str) -> Iterator[Statement]:
        if not isinstance(document, Mapping):
            self.fault(f"{short(document)} is no policy", where, "give an object with a Statement")
            return
        self.known_keys(document, _KEYS, where)
        version = document.get("Version", _OLD)
        if version not in (_NEW, _OLD):
            self.fault(f"{short(version)} is no version", f"{where}.Version", f"write {_NEW!r}")
        self.has_variables = version == _NEW
        if not isinstance(document.get("Id", ""), str):
            self.fault("the Id is no text", f"{where}.Id", "write a text, or leave it out")
        if "Statement" not in document:
            self.fault("the policy has no Statement", where, "add one")
            return
        given = document["Statement"]
        several = isinstance(given, list)
        for number, each in enumerate(given if several else [given]):
            place = f"{where}.Statement[{number}]" if several else f"{where}.Statement"
            found = self.statement(each, number, place)
            if found is not None:
                yield found

    def known_keys(self, given: Mapping[Any, Any], known: tuple[str, ...], where: str) -> None:
        for key in given:
            if key not in known:
                near = difflib.get_close_matches(str(key), known, n=1, cutoff=0.5)
                mend = f"did you mean {near[0]}?" if near else f"there are: {', '.join(known)}"
                self.fault(f"there is no element {short(key)}", where, mend)

    def statement(self, given: object, number: int, where: str) -> Statement | None:
        if not isinstance(given, Mapping):
            self.fault(f"{short(given)} is no statement", where, "give an object with an Effect")
            return None
        before = len(self.faults)
        self.known_keys(given, _STATEMENT_KEYS, where)
        sid = given.get("Sid", "")
        if not isinstance(sid, str):
            self.fault("the Sid is no text", f"{where}.Sid", "write a text, or leave it out")
        effect = given.get("Effect")
        if effect not in ("Allow", "Deny"):
            self.fault(f"{short(effect)} is no effect", f"{where}.Effect", "write Allow or Deny")
        principals = self.principals(given, where, is_allow=effect == "Allow")
        actions = self.actions(given, where)
        resources = self.resources(given, where)
        conditions = tuple(self.conditions(given.get("Condition", {}), f"{where}.Condition"))
        if len(self.faults) > before or actions is None:
            return None
        return Statement(
            label=f"'{sid}'" if sid else f"statement {number + 1}",
            is_allow=effect == "Allow",
            principals=principals,
            is_negated_principals="NotPrincipal" in given,
            actions=actions,
            resources=resources,
            is_negated_resources="NotResource" in given,
            conditions=conditions,
        )

    def one_of(
        self, given: Mapping[Any, Any], name: str, where: str, *, is_needed: bool = True
    ) -> str | None:
        """Return which of an element and its negation a statement has: one, and not both."""
        found = [each for each in (name, f"Not{name}") if each in given]
        if len(found) == 1:
            return found[0]
        if found:
            self.fault(f"the statement has {name} and Not{name}", where, "keep one of them")
        elif is_needed:
            self.fault(f"the statement has no {name}", where, f"add {name} or Not{name}")
        return None

    def texts(self, value: object, where: str) -> list[str]:
        several = value if isinstance(value, list) else [value]
        if not several:
            self.fault("the list is empty", where, "name something, or remove the statement")
        texts = [each for each in several if isinstance(each, str)]
        for wrong in (each for each in several if not isinstance(each, str)):
            self.fault(f"{short(wrong)} is no text", where, "write a text or a list of texts")
        return texts

    def actions(self, given: Mapping[Any, Any], where: str) -> Actions | None:
        element = self.one_of(given, "Action", where)
        if element is None:
            return None
        place = f"{where}.{element}"
        texts = self.texts(given[element], place)
        for text in texts:
            if not _ACTION.fullmatch(text):
                self.fault(
                    f"{text!r} is no action", place, "write service:Action, such as s3:GetObject, or *"
                )
        names, globs = set(), []
        for text in texts:
            folded = text.lower()
            if "*" in folded or "?" in folded:
                globs.append(re.compile(_glob(folded)))
            else:
                names.add(folded)
        return Actions(tuple(texts), frozenset(names), tuple(globs), element == "NotAction")

    def resources(self, given: Mapping[Any, Any], where: str) -> tuple[Pattern, ...] | None:
        element = self.one_of(given, "Resource", where, is_needed=self.kind is not PolicyKind.TRUST)
        if element is None:
            return None
        found = []
        for text in self.texts(given[element], f"{where}.{element}"):
            try:
                found.append(pattern(text, Kind.RESOURCE, has_variables=self.has_variables))
            except ValueError as error:
                self.fault(f"{text!r} {error}", f"{where}.{element}", "mend the text")
        return tuple(found)

    def principals(self, given: Mapping[Any, Any], where: str, *, is_allow: bool) -> Named | None:
        if not self.kind.names_principals:
            for wrong in {"Principal", "NotPrincipal"}.intersection(given):
                what = f"the {self.kind} has a {wrong}: it is about whom it is attached to"
                self.fault(what, f"{where}.{wrong}", "remove it")
            return None
        element = self.one_of(given, "Principal", where)
        if element is None:
            return None
        place = f"{where}.{element}"
        if element == "NotPrincipal" and (
            is_allow or self.kind in {PolicyKind.TRUST, PolicyKind.RESOURCE_CONTROL}
        ):
            self.fault(
                "NotPrincipal is for a Deny in a resource-based policy",
                place,
                "name whom you mean by Principal",
            )
        pairs = list(self.pairs(given[element], place))
        if self.kind is PolicyKind.RESOURCE_CONTROL and any(name != "*" for _, name in pairs):
            self.fault("a resource control policy is about everyone", place, 'write "*", and use a condition')
        try:
            return named(pairs)
        except ValueError as error:
            self.fault(str(error), place, "mend the principal")
            return None

    def pairs(self, value: object, where: str) -> Iterator[tuple[str, str]]:
        if value == "*":
            yield "*", "*"
            return
        if not isinstance(value, Mapping) or not value:
            self.fault(
                f"{short(value)} is no principal", where, f'write "*" or an object of {", ".join(SORTS)}'
            )
            return
        self.known_keys(value, SORTS, where)
        for sort, names in value.items():
            for name in self.texts(names, f"{where}.{short(sort)}"):
                yield str(sort), name

    def conditions(self, given: object, where: str) -> Iterator[Condition]:
        if not isinstance(given, Mapping):
            self.fault(f"{short(given)} is no condition", where, "give an object of operators")
            return
        for operator, lines in given.items():
            if not isinstance(lines, Mapping) or not isinstance(operator, str):
                self.fault(
                    f"{short(lines)} is no object of keys and values",
                    f"{where}.{short(operator)}",
                    "write keys with their values",
                )
                continue
            for key, values in lines.items():
                yield from self.condition(operator, key, values, f"{where}.{operator}")

    def condition(self, operator: str, key: object, values: object, where: str) -> Iterator[Condition]:
        if not isinstance(key, str) or not key:
            self.fault(f"{short(key)} is no key", where, "name a context key")
            return
        place = f"{where}.{key}"
        texts = [_scalar(each) for each in (values if isinstance(values, list) else [values])]
        if None in texts:
            self.fault(
                f"{short(values)} is no value", place, "write a text, a number, true, false, or a list"
            )
            return
        try:
            yield condition(
                operator, key, [text for text in texts if text is not None], has_variables=self.has_variables
            )
        except ValueError as error:
            self.fault(str(error), place, "mend the value")


def _scalar(value: object) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, (str, int, float)) else None


def _glob(text: str) -> str:
    """Return an expression that takes time in proportion to its lengths: no star is tried twice."""
    first, *rest = re.sub(r"\*+", "*", text).split("*")
    parts = [re.escape(part).replace(r"\?", ".") for part in rest]
    middle = "".join(f"(?>.*?{part})" for part in parts[:-1])
    return re.escape(first).replace(r"\?", ".") + middle + "".join(f".*{part}" for part in parts[-1:])
