"""Cases as JSON: a request with every policy in force, and its verdict."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from lakenb.errors import Fault, LakenbError, PolicyError
from lakenb.iam.evaluator import InForce
from lakenb.iam.parser import policy
from lakenb.iam.policies import Policy, PolicyKind
from lakenb.iam.reasons import explain
from lakenb.iam.requests import Request, request
from lakenb.iam.shown import short

_KEYS = frozenset(
    {
        "request", "identity_policies", "resource_policy", "permission_boundaries", "session_policy",
        "service_control_policies", "resource_control_policies", "endpoint_policies",
    }
)  # fmt: skip
_REQUEST_KEYS = frozenset({"principal", "action", "resource", "resource_account", "context"})


def verdict(line: str) -> dict[str, Any]:
    """Return the verdict on one line of JSON.

    Parameters
    ----------
    line
        A case, as ``lakenb iam evaluate --help`` tells.

    Returns
    -------
    dict
        ``decision`` and ``reasons``; ``error`` alone where the case is malformed. Never raises for what
        stands in the line.

    Examples
    --------
    >>> verdict("[]")
    {'error': '[] is no case; where: case; mend: give an object with a request and its policies'}
    """
    try:
        found = explain(*case(_read(line)))
    except LakenbError as error:
        faults = getattr(error, "faults", (error.fault,))
        texts = (f"{fault.what}; where: {fault.where}; mend: {fault.mend}" for fault in faults)
        return {"error": "\n".join(texts)}
    except RecursionError:
        return {"error": "the case is nested too deeply; where: case; mend: policies have few levels"}
    return {"decision": found.decision.value, "reasons": [reason.text for reason in found.reasons]}


def case(given: object) -> tuple[Request, InForce]:
    """Return what a case asks, and the policies in force.

    Parameters
    ----------
    given
        The case as `json.loads` reads it.

    Raises
    ------
    PolicyError
        With every fault.
    """
    if not isinstance(given, Mapping):
        raise PolicyError(
            [Fault(f"{short(given)} is no case", "case", "give an object with a request and its policies")]
        )
    reader = _Reader()
    reader.known(given, _KEYS, "case")
    asked = reader.asked(given.get("request"))
    is_trust = asked is not None and _is_assumption(asked)
    resource = given.get("resource_policy")
    session = given.get("session_policy")
    in_force = InForce(
        identity=reader.listed(given, "identity_policies", PolicyKind.IDENTITY),
        resource=None
        if resource is None
        else reader.policy(
            resource, PolicyKind.TRUST if is_trust else PolicyKind.RESOURCE, "resource_policy"
        ),
        boundaries=reader.listed(given, "permission_boundaries", PolicyKind.BOUNDARY),
        session=None if session is None else reader.one(session, PolicyKind.SESSION, "session_policy"),
        service_control=reader.levels(given, "service_control_policies", PolicyKind.SERVICE_CONTROL),
        resource_control=reader.levels(given, "resource_control_policies", PolicyKind.RESOURCE_CONTROL),
        endpoint=reader.listed(given, "endpoint_policies", PolicyKind.ENDPOINT),
    )
    if reader.faults or asked is None:
        raise PolicyError(reader.faults)
    return asked, in_force


def _is_assumption(asked: Request) -> bool:
    return asked.action.lower().startswith("sts:") and ":role/" in asked.resource


class _Reader:
    """Reads the parts of a case, and gathers their faults."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []

    def known(self, given: Mapping[Any, Any], known: frozenset[str], where: str) -> None:
        for key in given:
            if key not in known:
                mend = f"there are: {', '.join(sorted(known))}"
                self.faults.append(Fault(f"there is no part {short(key)}", where, mend))

    def asked(self, given: object) -> Request | None:
        if not isinstance(given, Mapping):
            mend = "give an object with principal, action and resource"
            self.faults.append(Fault(f"{short(given)} is no request", "request", mend))
            return None
        self.known(given, _REQUEST_KEYS, "request")
        try:
            return request(
                given.get("principal"),
                given.get("action", ""),
                given.get("resource", ""),
                resource_account=given.get("resource_account"),
                context=given.get("context"),
            )
        except PolicyError as error:
            self.faults += error.faults
            return None

    def policy(self, given: object, kind: PolicyKind, where: str) -> Policy | None:
        try:
            return policy(given, kind, where=where)
        except PolicyError as error:
            self.faults += error.faults
            return None

    def one(self, given: object, kind: PolicyKind, where: str) -> tuple[Policy, ...]:
        found = self.policy(given, kind, where)
        return () if found is None else (found,)

    def items(self, given: object, where: str) -> list[Any]:
        if isinstance(given, list):
            return given
        self.faults.append(Fault(f"{short(given)} is no list", where, "give a list of policies"))
        return []

    def listed(self, given: Mapping[str, Any], name: str, kind: PolicyKind) -> tuple[Policy, ...]:
        if given.get(name) is None:
            return ()
        return tuple(
            found
            for number, each in enumerate(self.items(given[name], name))
            for found in self.one(each, kind, f"{name}[{number}]")
        )

    def levels(self, given: Mapping[str, Any], name: str, kind: PolicyKind) -> tuple[tuple[Policy, ...], ...]:
        if given.get(name) is None:
            return ()
        return tuple(
            tuple(
                found
                for number, each in enumerate(self.items(level, f"{name}[{height}]"))
                for found in self.one(each, kind, f"{name}[{height}][{number}]")
            )
            for height, level in enumerate(self.items(given[name], name))
        )


def _read(line: str) -> object:
    try:
        return json.loads(line, object_pairs_hook=_unique, parse_constant=_no_constant)
    except ValueError as error:
        raise PolicyError(
            [Fault(f"the line is no JSON: {error}", "case", "write one JSON object a line")]
        ) from None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object; a key that stands twice would be dropped in silence, and AWS refuses it."""
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [key for key, _ in pairs]
        twice = sorted({key for key in names if names.count(key) > 1})
        raise PolicyError(
            [Fault(f"the key {', '.join(map(short, twice))} stands twice", "case", "keep one of them")]
        )
    return found


def _no_constant(text: str) -> float:
    raise ValueError(f"{text} is no number of JSON")
