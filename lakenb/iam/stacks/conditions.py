"""Conditions of a template: whether they hold in one world, and what they hang on.

Page: AWS CloudFormation Template Reference, "Condition functions". A comparison of a parameter that is not
given with a text makes that text one of the values that worlds give the parameter; a comparison that hangs
on parameters in another way is an atom that worlds take both ways.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, Protocol

from lakenb.iam.shown import short
from lakenb.iam.stacks.intrinsics import Resolver, Scope
from lakenb.iam.stacks.world import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lakenb.iam.stacks.deployment import Deployment
    from lakenb.iam.stacks.parameters import Parameters

_DEEPEST: Final = 60
_KNOWN: Final = ("Fn::And", "Fn::Equals", "Fn::Not", "Fn::Or")


class Stack(Scope, Protocol):
    """What conditions ask of the stack that they stand in."""

    deployment: Deployment
    prefix: str
    parameters: Parameters


class _Faults:
    """Notes of faults in conditions; what is unknown makes an atom instead."""

    __slots__ = ("faults", "where")

    def __init__(self, faults: dict[tuple[str, str, str], None], where: str) -> None:
        self.faults = faults
        self.where = where

    def fault(self, what: str, node: object, mend: str) -> None:  # noqa: ARG002 - the condition is the place
        self.faults[what, self.where, mend] = None

    def unknown(self, what: str, node: object) -> None:
        """Take no note: the comparison is followed both ways."""


class Truths:
    """The conditions of one stack in one world.

    Parameters
    ----------
    stack
        The stack.
    written
        Its section ``Conditions``.
    """

    __slots__ = ("_asked", "_found", "faults", "stack", "written")

    def __init__(self, stack: Stack, written: Mapping[str, Any]) -> None:
        self.stack: Stack = stack
        self.written: Mapping[str, Any] = written
        self.faults: dict[tuple[str, str, str], None] = {}
        self._found: dict[str, bool] = {}
        self._asked: list[str] = []

    def of(self, name: str) -> bool:
        """Return whether a condition holds.

        Raises
        ------
        LookupError
            With what and mend, if there is no such condition.
        """
        if name in self._found:
            return self._found[name]
        if name not in self.written:
            raise LookupError(f"there is no condition {name!r}", "add it under Conditions")
        if name in self._asked or len(self._asked) > _DEEPEST:
            chain = " -> ".join([*self._asked, name][-6:])
            mend = "let no condition ask for itself, and keep chains short"
            self.faults[
                f"conditions ask for one another without an end: {chain}", f"Conditions.{name}", mend
            ] = None
            return False
        self._asked.append(name)
        try:
            self._found[name] = self._holds(self.written[name], f"Conditions.{name}")
        finally:
            self._asked.pop()
        return self._found[name]

    def _holds(self, node: Any, where: str) -> bool:
        name, argument = next(iter(node.items())) if isinstance(node, dict) and len(node) == 1 else ("", None)
        match name, argument:
            # Every part is asked, also where one decides: all comparisons must be seen.
            case "Fn::And" | "Fn::Or", [_, *_]:
                parts = [self._holds(part, where) for part in argument]
                return all(parts) if name == "Fn::And" else any(parts)
            case "Fn::Not", [part]:
                return not self._holds(part, where)
            case "Condition", str():
                return self._other(argument, where)
            case "Fn::Equals", [first, second]:
                return self._equal(first, second, where)
        if name.startswith("Fn::") and name not in _KNOWN:
            return self._atom(node, where)
        self.faults[f"{short(node)} is no condition", where, f"write {', '.join(_KNOWN)} or Condition"] = None
        return False

    def _other(self, name: str, where: str) -> bool:
        try:
            return self.of(name)
        except LookupError as error:
            self.faults[str(error.args[0]), where, str(error.args[1])] = None
            return False

    def _equal(self, first: Any, second: Any, where: str) -> bool:
        origins = self._origin(first), self._origin(second)
        texts = self._text(first, where), self._text(second, where)
        compared = self.stack.deployment.compared
        for origin, other, text in ((origins[0], second, texts[1]), (origins[1], first, texts[0])):
            if origin is not None and not self.hangs(other) and UNKNOWN not in text:
                compared.setdefault(origin, set()).add(text)
                return texts[0] == texts[1]
        if self.hangs(first) or self.hangs(second) or UNKNOWN in texts[0] + texts[1]:
            return self._atom({"Fn::Equals": [first, second]}, where)
        return texts[0] == texts[1]

    def _origin(self, node: Any) -> str | None:
        match node:
            case {"Ref": str(name), **rest} if not rest:
                return self.stack.parameters.origin(name)
        return None

    def _text(self, node: Any, where: str) -> str:
        found = Resolver(self.stack, _Faults(self.faults, where)).value(node)
        if isinstance(found, bool):
            return "true" if found else "false"
        return str(found) if isinstance(found, (str, int, float)) else UNKNOWN

    def hangs(self, node: Any) -> bool:
        """Return whether a value hangs on a parameter that is not given."""
        rest = [node]
        while rest:
            each = rest.pop()
            if isinstance(each, list):
                rest += each
            elif isinstance(each, dict):
                match each:
                    case {"Ref": str(name)} if self.stack.parameters.hangs(name):
                        return True
                    case {"Condition": _} | {"Fn::If": _}:
                        return True
                rest += each.values()
            elif isinstance(each, str) and "${" in each:
                holes = [part.partition("}")[0] for part in each.split("${")[1:]]
                if any(self.stack.parameters.hangs(hole) for hole in holes):
                    return True
        return False

    def _atom(self, node: Any, where: str) -> bool:
        shared = self.stack.deployment
        key = self.stack.prefix + json.dumps(node, sort_keys=True, default=str)
        shared.seen_atoms[key] = f"{self.stack.prefix}{where}: {short(node)}"
        return shared.atoms.get(key, False)
