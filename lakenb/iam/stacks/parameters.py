"""Parameters and pseudo parameters of one stack in one world, and what decides them.

Pages: AWS CloudFormation User Guide, "Parameters"; Template Reference, "Pseudo parameters reference".
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, Final

from lakenb.iam.stacks.intrinsics import NO_VALUE
from lakenb.iam.stacks.names import hashed
from lakenb.iam.stacks.world import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lakenb.iam.stacks.scope import Scope

PSEUDO: Final = tuple(
    f"AWS::{name}"
    for name in (
        "AccountId", "NoValue", "NotificationARNs", "Partition", "Region", "StackId", "StackName",
        "URLSuffix",
    )
)  # fmt: skip
_FREE: Final = frozenset({"AWS::AccountId", "AWS::Partition", "AWS::Region", "AWS::StackName"})
_LISTS: Final = ("List<", "CommaDelimitedList")


class Parameters:
    """The parameters of one stack in one world.

    Parameters
    ----------
    scope
        The stack.
    declared
        Its section ``Parameters``.
    """

    __slots__ = ("_values", "declared", "scope")

    def __init__(self, scope: Scope, declared: Mapping[str, Any]) -> None:
        self.scope: Scope = scope
        self.declared: Mapping[str, Any] = declared
        self._values: dict[str, Any] = {}

    def value(self, name: str) -> Any:
        """Return a parameter's value: a text, or a list for the types of lists."""
        if name not in self._values:
            text = self._text(name)
            declared = self.declared[name]
            kind = declared.get("Type", "String") if isinstance(declared, dict) else "String"
            is_list = isinstance(kind, str) and (kind.startswith(_LISTS) or "<List<" in kind)
            self._values[name] = [each.strip() for each in text.split(",")] if is_list else text
        return self._values[name]

    def _text(self, name: str) -> str:
        declared, shared = self.declared[name], self.scope.deployment
        if self.scope.parent is not None:
            outer, given = self.scope.parent
            if name in given:
                found = outer.silent.value(given[name])
                if isinstance(found, list):
                    return ",".join(as_text(each) for each in found)
                if found is not NO_VALUE:
                    return as_text(found)
        elif name in shared.given:
            return shared.given[name]
        path = self.scope.prefix + name
        found = opaque(path, declared)
        default = default_of(declared)
        if shared.choices.get(path, found) != found:
            return shared.choices[path]
        if path not in shared.choices and default is not None:
            return default
        return found

    def origin(self, name: str) -> str | None:
        """Return the root's parameter that decides a parameter's value, unless it is given; else None."""
        if name in _FREE:
            is_own = name == "AWS::StackName" and self.scope.parent is not None
            return name if name in self.scope.deployment.free and not is_own else None
        if name not in self.declared:
            return None
        if self.scope.parent is None:
            return None if name in self.scope.deployment.given else name
        outer, given = self.scope.parent
        if name in given:
            match given[name]:
                case {"Ref": str(passed), **rest} if not rest:
                    return outer.parameters.origin(passed)
            return None
        return None if default_of(self.declared[name]) is not None else self.scope.prefix + name

    def hangs(self, name: str) -> bool:
        """Return whether a parameter's value hangs on one that is not given, however it does."""
        if self.origin(name) is not None:
            return True
        if self.scope.parent is None or name not in self.declared:
            return False
        outer, given = self.scope.parent
        return name in given and outer.truths.hangs(given[name])

    def pseudo(self, name: str) -> Any:
        """Return the value of a pseudo parameter."""
        shared, scope = self.scope.deployment, self.scope
        number = hashed(scope.prefix, 32)
        known = {
            "AWS::AccountId": shared.account,
            "AWS::NotificationARNs": [UNKNOWN],
            "AWS::Partition": shared.partition,
            "AWS::Region": shared.region,
            "AWS::StackId": (
                f"arn:{shared.partition}:cloudformation:{shared.region}:{shared.account}:stack/"
                f"{scope.stack_name}/{uuid.UUID(number)}"
            ),
            "AWS::StackName": scope.stack_name,
            "AWS::URLSuffix": scope.around["suffix"],
        }
        return known.get(name, NO_VALUE)


def default_of(declared: Any) -> str | None:
    """Return a parameter's default; None where it has none, or one that names where the value is."""
    if not isinstance(declared, dict) or "Default" not in declared:
        return None
    if str(declared.get("Type", "")).startswith("AWS::SSM::Parameter::Value"):
        return None
    return as_text(declared["Default"])


def opaque(path: str, declared: Any) -> str:
    """Return the made-up value of a parameter: of the sort that its type wants."""
    kind = str(declared.get("Type", "")) if isinstance(declared, dict) else ""
    number = hashed(f"parameter {path}", 17)
    digits = str(int(number, 16))
    name = path.rsplit("/", 1)[-1]
    if kind == "Number":
        return digits[:9]
    if name.endswith(("AccountId", "AccountID", "Account")):
        return digits[:12].ljust(12, "7")
    for sort, prefix in (("VPC::Id", "vpc"), ("Subnet::Id", "subnet"), ("SecurityGroup::Id", "sg")):
        if sort in kind:
            return f"{prefix}-{number}"
    return f"{name}-{number[:12]}"


def as_text(value: Any) -> str:
    """Return a scalar as CloudFormation writes it; `UNKNOWN` for anything else."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (str, int, float)):
        return str(value)
    return UNKNOWN
