"""Puts the parts of a world together: who carries which policies, and what guards what."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from lakenb.iam.policies import Policy, PolicyKind
from lakenb.iam.stacks.documents import merged
from lakenb.iam.stacks.doubtful import Doubtful
from lakenb.iam.stacks.holders import Holders
from lakenb.iam.stacks.world import UNKNOWN, Endpoint, Identity, Unresolved

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from lakenb.iam.stacks.names import Names
    from lakenb.iam.stacks.parts import Compiler, Guarding, Part
    from lakenb.iam.stacks.transforms import Doubt
    from lakenb.iam.stacks.world import Resource

_GUARDED_FROM_OUTSIDE: Final = frozenset(
    {
        "AWS::S3::Bucket",
        "AWS::SQS::Queue",
        "AWS::SNS::Topic",
        "AWS::Lambda::Function",
        "AWS::SecretsManager::Secret",
        "AWS::Kinesis::Stream",
        "AWS::Logs::LogGroup",
        "AWS::Events::EventBus",
    }
)
"""Types whose policies are resources of their own, which another stack may hold."""

_URL_PARTS: Final = 5
_REMEMBERED: Final = 20_000


@dataclass(frozen=True, slots=True)
class Linked:
    """What a world's parts make together."""

    identities: dict[str, Identity]
    guards: dict[str, Policy]
    endpoints: tuple[Endpoint, ...]
    unresolved: tuple[Unresolved, ...]


@dataclass(slots=True)
class Linker:
    """Links the parts of worlds; keeps what it made, so that the same parts give the same values.

    Parameters
    ----------
    compiler
        Compiles the documents of policies that AWS manages.
    """

    compiler: Compiler
    _doubtful: Doubtful = field(default_factory=Doubtful)
    _identities: dict[str, Identity] = field(default_factory=dict)
    _merged: dict[tuple[tuple[str, int], ...], tuple[tuple[Policy, ...], Policy]] = field(
        default_factory=dict
    )

    def linked(
        self,
        resources: Mapping[str, Resource],
        names: Mapping[str, Names],
        parts: Mapping[str, Part],
        doubts: Sequence[Doubt],
        partition: str,
    ) -> Linked:
        """Return what the parts of one world make together.

        Parameters
        ----------
        resources, names, parts
            By path; parts of those only that have any.
        doubts
            What may add policies.
        partition
            Of the world.
        """
        doubted = {path: _doubts(names[path], doubts) for path in resources} if doubts else {}
        holders = Holders(self.compiler, self._doubtful, resources, names, parts, doubted, self._identities)
        identities = holders.identities()
        unresolved = [Unresolved(each.path, each.where, each.what) for each in doubts] + holders.unresolved
        gathered = self._gathered(resources, parts, partition, unresolved)
        self._add_doubts(gathered, resources, doubted)
        guards = {arn: self._one(rows) for arn, rows in sorted(gathered.items())}
        return Linked(identities, guards, tuple(_endpoints(resources, parts)), tuple(unresolved))

    def _gathered(
        self,
        resources: Mapping[str, Resource],
        parts: Mapping[str, Part],
        partition: str,
        unresolved: list[Unresolved],
    ) -> dict[str, dict[str, Policy]]:
        """Return the policies that guard each ARN, by what to call them."""
        by_ref = {each.ref: each.arn for each in resources.values() if each.arn}
        gathered: dict[str, dict[str, Policy]] = {}
        for path, each in parts.items():
            for row in each.guarding:
                targets = list(_guarded(row, by_ref, resources, partition))
                is_open = UNKNOWN in row.target
                if is_open or not targets:
                    shown = "" if is_open else f" {row.target}"
                    what = f"what the policy guards{shown} is not known here"
                    unresolved.append(Unresolved(path, "Properties", what))
                for arn in targets:
                    rows = gathered.setdefault(arn, {})
                    label = row.label if row.label not in rows else f"{row.label} {len(rows)}"
                    rows[label] = self._doubtful.perhaps(row.policy) if is_open else row.policy
        return gathered

    def _add_doubts(
        self,
        gathered: dict[str, dict[str, Policy]],
        resources: Mapping[str, Resource],
        doubted: Mapping[str, Sequence[Doubt]],
    ) -> None:
        for path, doubts in doubted.items():
            resource = resources[path]
            for doubt in doubts:
                if resource.arn and (doubt.reached is None or resource.type in _GUARDED_FROM_OUTSIDE):
                    kind = PolicyKind.TRUST if resource.type == "AWS::IAM::Role" else PolicyKind.RESOURCE
                    label = f"{doubt.path} {doubt.where}"
                    gathered.setdefault(resource.arn, {})[label] = self._doubtful.unknown(kind, label)

    def _one(self, rows: Mapping[str, Policy]) -> Policy:
        if len(rows) == 1:
            return next(iter(rows.values()))
        if len(self._merged) > _REMEMBERED:
            self._merged.clear()
        key = tuple((label, id(each)) for label, each in rows.items())
        found = self._merged.get(key)
        if found is None:
            found = self._merged[key] = (tuple(rows.values()), merged(rows))
        return found[1]


def _doubts(own: Names, doubts: Sequence[Doubt]) -> list[Doubt]:
    """Return what may add a policy to a resource."""
    found = []
    for doubt in doubts:
        if doubt.is_apart:
            continue
        is_told = doubt.reached is None or not own.is_made
        if is_told or any(own.name in text or (own.arn and own.arn in text) for text in doubt.reached or ()):
            found.append(doubt)
    return found


def _guarded(
    row: Guarding, by_ref: Mapping[str, str], resources: Mapping[str, Resource], partition: str
) -> Iterator[str]:
    """Return the ARNs that a policy guards."""
    target = row.target
    if UNKNOWN in target or target == "*":
        head = f":{row.service}:"
        yield from dict.fromkeys(each.arn for each in resources.values() if head in each.arn)
    elif target in by_ref:
        yield by_ref[target]
    elif target.startswith("arn:"):
        yield target
    elif row.service == "s3":
        yield f"arn:{partition}:s3:::{target}"
    elif row.service == "sqs" and target.startswith("https://") and target.count("/") == _URL_PARTS - 1:
        host, account, name = target.removeprefix("https://").split("/")
        yield f"arn:{partition}:sqs:{host.split('.')[1]}:{account}:{name}"


def _endpoints(resources: Mapping[str, Resource], parts: Mapping[str, Part]) -> Iterator[Endpoint]:
    for path, each in parts.items():
        resource = resources[path]
        if resource.type == "AWS::EC2::VPCEndpoint":
            vpc, service = (str(resource.properties.get(name, UNKNOWN)) for name in ("VpcId", "ServiceName"))
            yield Endpoint(path, resource.ref, vpc, service, each.endpoint)
