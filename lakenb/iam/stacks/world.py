"""A world: one deployment of a template, every policy compiled and every name a text.

A template leaves things open: names that CloudFormation will make, parameters, conditions. A world fixes
them. Names that nobody can know are made up so that no literal text of the template can equal them; what
holds in every world of a template holds of the template.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from lakenb.iam import patterns
from lakenb.iam.evaluator import InForce

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lakenb.iam.policies import Policy
    from lakenb.iam.requests import Principal

UNKNOWN = patterns.UNKNOWN
"""Stands in a resolved text for a part that cannot be known: in a pattern it may match anything."""

_ARN_FIELDS = 6


@dataclass(frozen=True, slots=True)
class Unresolved:
    """Something of the template that could not be read, and what it is taken for.

    Parameters
    ----------
    logical_id
        The resource that holds it.
    where
        Its path below the resource, such as ``Properties.PolicyDocument.Statement[0]``.
    what
        What it is and why it is not known, a sentence without its full stop.
    """

    logical_id: str
    where: str
    what: str

    def __str__(self) -> str:
        """Return it on one line."""
        return f"{self.logical_id} {self.where}: {self.what}"


@dataclass(frozen=True, slots=True, eq=False)
class Resource:
    """One resource of the template.

    Parameters
    ----------
    logical_id
        With the path of the nested stacks that it stands in: ``Child/Bucket``.
    type
        CloudFormation's, such as ``AWS::S3::Bucket``.
    ref, arn
        What ``Ref`` returns, and the ARN; the ARN is empty for types that have none here.
    properties
        Resolved; texts hold `UNKNOWN` where something could not be resolved. Policy documents are among
        them as they stand, resolved.
    attributes
        What stands beside them: ``DeletionPolicy``, ``UpdateReplacePolicy``, ``DependsOn`` as the template
        writes them.
    """

    logical_id: str
    type: str
    ref: str
    arn: str
    properties: Mapping[str, Any]
    attributes: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True, eq=False)
class Identity:
    """A role, user or group of the template, with the policies that it carries.

    Parameters
    ----------
    logical_id, type, arn
        As in `Resource`.
    principal
        Who asks, when it asks: for a role one of its sessions. None for a group.
    policies
        Identity-based ones: inline, attached, managed, a user's groups'. A policy that is not known here is
        among them as one that may allow and may deny anything.
    boundaries
        Its permissions boundary; none or one.
    trust
        A role's trust policy.
    """

    logical_id: str
    type: str
    arn: str
    principal: Principal | None
    policies: tuple[Policy, ...]
    boundaries: tuple[Policy, ...] = ()
    trust: Policy | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Endpoint:
    """A VPC endpoint.

    Parameters
    ----------
    logical_id, id
        Of the resource, and the endpoint's id in this world.
    vpc
        The id of its VPC.
    service
        The service, such as ``com.amazonaws.eu-west-1.s3``.
    policy
        None gives full access.
    """

    logical_id: str
    id: str
    vpc: str
    service: str
    policy: Policy | None


@dataclass(frozen=True, slots=True, eq=False)
class World:
    """One deployment of a template; make it with `lakenb.iam.stacks.read.worlds`.

    Parameters
    ----------
    partition, region, account, stack_name
        Of the deployment; made up where they are not given.
    resources
        By logical id with the path of nested stacks, sorted.
    identities
        Roles, users and groups by the same ids.
    guards
        Resource-based policies by the ARN of what they guard, each merged into one: buckets, queues,
        topics, keys, functions (their permissions as statements), secrets, file systems, log groups, and
        the trust policies of roles.
    endpoints
        The template's VPC endpoints.
    unresolved
        What could not be read. Where it could grant or deny it also stands in the policies, undecided.
    choices
        What this world assumes of parameters and conditions, in words: ``Parameter Stage is 'prod'``.
    assumptions
        What every world of this template assumes, in sentences.
    names
        Texts of this world and the template's words for them: ``{"b-3f2a9c": "${Bucket}"}``.
    """

    partition: str
    region: str
    account: str
    stack_name: str
    resources: Mapping[str, Resource]
    identities: Mapping[str, Identity]
    guards: Mapping[str, Policy]
    endpoints: tuple[Endpoint, ...] = ()
    unresolved: tuple[Unresolved, ...] = ()
    choices: tuple[str, ...] = ()
    assumptions: tuple[str, ...] = ()
    names: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    def guard(self, resource: str) -> Policy | None:
        """Return the resource-based policy that guards a resource, by the ARN of a request.

        The policy of a bucket guards its objects, that of a log group its streams, that of a function its
        versions.
        """
        found = self.guards.get(resource)
        if found is not None:
            return found
        return self.guards.get(owner_arn(resource))

    def in_force(self, identity: Identity | None, resource: str) -> InForce:
        """Return the policies that a request meets on the way to a resource, endpoints apart.

        Parameters
        ----------
        identity
            Who asks; None for somebody of whom the template says nothing.
        resource
            The ARN of the request.
        """
        guard = self.guard(resource)
        if identity is None:
            return InForce(resource=guard)
        return InForce(identity=identity.policies, resource=guard, boundaries=identity.boundaries)

    def shown(self, text: str) -> str:
        """Return a text in the template's own words: made-up names become ``${LogicalId}``."""
        for made, word in self.names.items():
            if made in text:
                text = text.replace(made, word)
        return text


def owner_arn(resource: str) -> str:
    """Return the ARN of what carries the policy for a resource: the bucket of an object.

    Examples
    --------
    >>> owner_arn("arn:aws:s3:::b/in/x"), owner_arn("arn:aws:logs:eu-west-1:111122223333:log-group:/a/b:*")
    ('arn:aws:s3:::b', 'arn:aws:logs:eu-west-1:111122223333:log-group:/a/b')
    """
    fields = resource.split(":", _ARN_FIELDS - 1)
    if len(fields) < _ARN_FIELDS:
        return resource
    head, service, rest = ":".join(fields[:-1]), fields[2], fields[-1]
    match service:
        case "s3" if not fields[4]:
            rest = rest.partition("/")[0]
        case "logs" | "lambda":
            rest = ":".join(rest.split(":")[:2])
        case "dynamodb":
            rest = "/".join(rest.split("/")[:2])
    return f"{head}:{rest}"
