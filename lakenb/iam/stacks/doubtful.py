"""Policies of which nobody knows what they say, or whether they are in force; the same one each time."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from lakenb.iam.conditions import condition
from lakenb.iam.stacks.documents import policy_of, unknown_policy

if TYPE_CHECKING:
    from lakenb.iam.policies import Policy, PolicyKind

_REMEMBERED: Final = 20_000
_OPEN = condition("Unknown", "template", ["what the template does not tell"], has_variables=False)


@dataclass(slots=True)
class Doubtful:
    """Makes doubtful policies, and remembers them: provers tell policies by identity."""

    _unknown: dict[tuple[PolicyKind, str], Policy] = field(default_factory=dict)
    _perhaps: dict[int, tuple[Policy, Policy]] = field(default_factory=dict)

    def unknown(self, kind: PolicyKind, label: str) -> Policy:
        """Return a policy that may allow and may deny everything."""
        found = self._unknown.get((kind, label))
        if found is None:
            found = self._unknown[kind, label] = unknown_policy(kind, label)
        return found

    def perhaps(self, policy: Policy) -> Policy:
        """Return a policy of which nobody knows whether it is in force: no statement of it is certain."""
        if len(self._perhaps) > _REMEMBERED:
            self._perhaps.clear()
        found = self._perhaps.get(id(policy))
        if found is None or found[0] is not policy:
            statements = [replace(each, conditions=(*each.conditions, _OPEN)) for each in policy.statements]
            found = self._perhaps[id(policy)] = (policy, policy_of(policy.kind, policy.label, statements))
        return found[1]
