"""Who carries which policies: roles, users and groups, with what is attached to them from either side."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from lakenb.errors import PolicyError
from lakenb.iam.policies import Policy, PolicyKind
from lakenb.iam.requests import request
from lakenb.iam.stacks.managed import managed_document
from lakenb.iam.stacks.world import UNKNOWN, Identity, Unresolved

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from lakenb.iam.requests import Principal
    from lakenb.iam.stacks.doubtful import Doubtful
    from lakenb.iam.stacks.names import Names
    from lakenb.iam.stacks.parts import Compiler, Part
    from lakenb.iam.stacks.transforms import Doubt
    from lakenb.iam.stacks.world import Resource

_ROLE: Final = "AWS::IAM::Role"
_USER: Final = "AWS::IAM::User"
_GROUP: Final = "AWS::IAM::Group"


@dataclass(slots=True)
class Holders:
    """The roles, users and groups of one world, put together.

    Parameters
    ----------
    compiler
        Compiles the documents of policies that AWS manages.
    doubtful
        Makes what stands for unknown policies.
    resources, names, parts
        Of the world, by path; parts of those only that have any.
    doubted
        What may add policies, by path.
    before
        Identities that were made earlier, by path: one that is the same is taken over.
    """

    compiler: Compiler
    doubtful: Doubtful
    resources: Mapping[str, Resource]
    names: Mapping[str, Names]
    parts: Mapping[str, Part]
    doubted: Mapping[str, Sequence[Doubt]]
    before: dict[str, Identity]
    unresolved: list[Unresolved] = field(default_factory=list)
    managed_here: dict[str, Part] = field(init=False)

    def __post_init__(self) -> None:
        """Look up the template's own managed policies."""
        self.managed_here = {
            self.names[path].arn: each for path, each in self.parts.items() if each.own_managed is not None
        }

    def identities(self) -> dict[str, Identity]:
        """Return them by path, sorted."""
        attached = self.attached()
        made = {path: self.identity(path, attached.get(path, [])) for path in self.of_type(_ROLE, _GROUP)}
        for path in self.of_type(_USER):
            made[path] = self.identity(path, [*attached.get(path, []), *self.of_groups(path, made)])
        return dict(sorted(made.items()))

    def of_type(self, *kinds: str) -> list[str]:
        """Return the paths of those that are of one of these types."""
        return [path for path in self.parts if self.resources[path].type in kinds]

    def attached(self) -> dict[str, list[Policy]]:
        """Return the policies that resources of their own attach, by whom they attach them to."""
        by_name = {
            (self.resources[path].type, self.names[path].name): path
            for path in self.of_type(_ROLE, _USER, _GROUP)
        }
        found: dict[str, list[Policy]] = {}
        for path, each in self.parts.items():
            for row in each.attached:
                if UNKNOWN in row.name:
                    what = "whom the policy is attached to is not known"
                    self.unresolved.append(Unresolved(path, "Properties", what))
                    for (kind, _), target in by_name.items():
                        if kind == row.kind:
                            found.setdefault(target, []).append(self.doubtful.perhaps(row.policy))
                elif (row.kind, row.name) in by_name:
                    found.setdefault(by_name[row.kind, row.name], []).append(row.policy)
        for path in by_name.values():
            for doubt in self.doubted.get(path, ()):
                policy = self.doubtful.unknown(PolicyKind.IDENTITY, f"{doubt.path} {doubt.where}")
                found.setdefault(path, []).append(policy)
        return found

    def of_groups(self, path: str, made: Mapping[str, Identity]) -> Iterator[Policy]:
        """Return the policies of a user's groups."""
        by_name = {self.names[each].name: each for each in self.of_type(_GROUP)}
        name = self.names[path].name
        others = [
            group for each in self.parts.values() for user, group in each.members if user in {name, UNKNOWN}
        ]
        for group in dict.fromkeys((*self.parts[path].groups, *others)):
            known = by_name.get(group)
            if known is not None:
                yield from made[known].policies
            else:
                what = f"the policies of the group {group} are not known here"
                self.unresolved.append(Unresolved(path, "Properties.Groups", what))
                yield self.doubtful.unknown(PolicyKind.IDENTITY, f"{path}.Groups")

    def identity(self, path: str, attached: Sequence[Policy]) -> Identity:
        """Return one, with the policies that others attach to it."""
        resource, own = self.resources[path], self.parts[path]
        policies = [*own.policies]
        for number, arn in enumerate(own.managed):
            policies.append(self.managed(arn, PolicyKind.IDENTITY, path, f"ManagedPolicyArns[{number}]"))
        policies += attached
        boundaries: tuple[Policy, ...] = ()
        if own.boundary:
            boundaries = (self.managed(own.boundary, PolicyKind.BOUNDARY, path, "PermissionsBoundary"),)
        # A policy that is attached from both ends is one policy.
        once = tuple({id(each): each for each in policies}.values())
        made = Identity(
            path, resource.type, resource.arn, self.principal(resource), once, boundaries, own.trust
        )
        earlier = self.before.get(path)
        if earlier is not None and _is_same(earlier, made):
            return earlier
        self.before[path] = made
        return made

    def managed(self, arn: str, kind: PolicyKind, path: str, where: str) -> Policy:
        """Return a managed policy: the template's, one of AWS's, or one that is not known."""
        here = self.managed_here.get(arn)
        if here is not None:
            policy = here.own_managed if kind is PolicyKind.IDENTITY else here.own_boundary
            if policy is not None:
                return policy
        document = managed_document(arn)
        if document is not None:
            return self.compiler.compiled(document, kind, arn).policy
        shown = "" if UNKNOWN in arn else f" {arn}"
        what = f"the document of the managed policy{shown} is not known here"
        self.unresolved.append(Unresolved(path, f"Properties.{where}", what))
        return self.doubtful.unknown(kind, f"{path}.{where}")

    def principal(self, resource: Resource) -> Principal | None:
        """Return who asks when it asks; None for a group."""
        if resource.type == _GROUP:
            return None
        try:
            return request(resource.arn, "sts:GetCallerIdentity", "*").principal
        except PolicyError:
            what = "its name is none that AWS accepts"
            self.unresolved.append(Unresolved(resource.logical_id, "Properties", what))
            return None


def _is_same(one: Identity, other: Identity) -> bool:
    mine, theirs = ((each.trust, *each.policies, None, *each.boundaries) for each in (one, other))
    return (
        one.arn == other.arn
        and one.type == other.type
        and len(mine) == len(theirs)
        and all(a is b for a, b in zip(mine, theirs, strict=True))
    )
