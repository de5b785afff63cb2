"""What the stacks of one world share."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from lakenb.iam.stacks.names import Names
    from lakenb.iam.stacks.scope import Scope

_SUFFIXES = {"aws-cn": "amazonaws.com.cn"}
_DEEPEST: Final = 40
_Made = TypeVar("_Made")

Asked = dict[tuple[str, str, str], Any]
"""By the stack's prefix, a name, and what was asked of it: see `lakenb.iam.stacks.scope.Scope.answer`."""


@dataclass(slots=True, eq=False)
class Deployment:
    """What one world's stacks share.

    Parameters
    ----------
    partition, region, account, stack_name
        Of the deployment.
    given
        Values of the root stack's parameters.
    choices
        What this world assumes of parameters and pseudo parameters that are not given.
    free
        Names of pseudo parameters that are not given.
    atoms
        What it assumes of conditions that nothing here decides.
    physical
        What ``Ref`` returns for resources that are deployed.
    renamed
        Made-up names that this world replaces.
    names
        Of the resources, by their paths, as far as they were asked for.
    asked
        What the resource that is being read asked of its stack, with the answers.
    compared
        Parameters that are not given, with the texts that conditions compare them with.
    seen_atoms
        The comparisons that nothing here decides, with how they are shown.
    cycles
        Chains of names and outputs that come back to themselves.
    exports
        Values by the names of exports; None until something imports.
    scopes
        The stacks by their prefixes.
    """

    partition: str
    region: str
    account: str
    stack_name: str
    given: Mapping[str, str]
    choices: Mapping[str, str]
    free: frozenset[str]
    atoms: Mapping[str, bool]
    physical: Mapping[str, str]
    renamed: Mapping[str, str] = field(default_factory=dict)
    names: dict[str, Names] = field(default_factory=dict)
    asked: Asked = field(default_factory=dict)
    compared: dict[str, set[str]] = field(default_factory=dict)
    seen_atoms: dict[str, str] = field(default_factory=dict)
    cycles: dict[str, None] = field(default_factory=dict)
    exports: dict[str, str] | None = None
    scopes: dict[str, Scope] = field(default_factory=dict)
    _under_way: list[str] = field(default_factory=list)

    def once(self, what: str, make: Callable[[], _Made], instead: Callable[[], _Made]) -> _Made:
        """Return what is made, or something instead where its making asks for itself."""
        if what in self._under_way or len(self._under_way) > _DEEPEST:
            self.cycles[" -> ".join([*self._under_way, what][-6:])] = None
            return instead()
        self._under_way.append(what)
        try:
            return make()
        finally:
            self._under_way.pop()

    @property
    def around(self) -> dict[str, str]:
        """The fields that every name is made with."""
        return {
            "partition": self.partition,
            "region": self.region,
            "account": self.account,
            "suffix": _SUFFIXES.get(self.partition, "amazonaws.com"),
        }


class Silent:
    """Notes that nobody reads: what is wrong is noted where the value itself is read."""

    __slots__ = ()

    def fault(self, what: str, node: object, mend: str) -> None:
        """Take no note."""

    def unknown(self, what: str, node: object) -> None:
        """Take no note."""
