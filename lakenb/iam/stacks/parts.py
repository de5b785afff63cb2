"""What one resource of a template adds to the policies of the world: its own part, whatever else is there.

A part depends on the resource's resolved properties alone, so that an unchanged resource keeps its policies;
`lakenb.iam.stacks.link` puts the parts together.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from lakenb.iam.policies import PolicyKind
from lakenb.iam.stacks.documents import Compiled, compiled
from lakenb.iam.stacks.permissions import permission_document
from lakenb.iam.stacks.world import UNKNOWN, Unresolved, owner_arn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from lakenb.iam.policies import Policy
    from lakenb.iam.stacks.world import Resource

_REMEMBERED: Final = 8  # documents of one place: worlds differ in them
_PLACES: Final = 20_000
_ATTACHING = {"Roles": "AWS::IAM::Role", "Users": "AWS::IAM::User", "Groups": "AWS::IAM::Group"}
_INLINE = {
    "AWS::IAM::RolePolicy": ("RoleName", "AWS::IAM::Role"),
    "AWS::IAM::UserPolicy": ("UserName", "AWS::IAM::User"),
    "AWS::IAM::GroupPolicy": ("GroupName", "AWS::IAM::Group"),
}
_OWN = {
    "AWS::KMS::Key": "KeyPolicy",
    "AWS::KMS::ReplicaKey": "KeyPolicy",
    "AWS::EFS::FileSystem": "FileSystemPolicy",
    "AWS::ECR::Repository": "RepositoryPolicyText",
    "AWS::S3::AccessPoint": "Policy",
    "AWS::ApiGateway::RestApi": "Policy",
    "AWS::OpenSearchService::Domain": "AccessPolicies",
    "AWS::Elasticsearch::Domain": "AccessPolicies",
    "AWS::Backup::BackupVault": "AccessPolicy",
}
"""The property that holds the policy of the resource itself."""

_WITHOUT_RESOURCE = frozenset({"AWS::ECR::Repository", "AWS::EFS::FileSystem"})
"""Types whose policies need name no Resource: it is the resource itself.

Pages: Amazon ECR User Guide, "Private repository policy examples"; Amazon EFS User Guide, "Using IAM to
control access to file systems".
"""

_OF_ANOTHER = {
    "AWS::S3::BucketPolicy": ("Bucket", "PolicyDocument", "s3"),
    "AWS::SQS::QueuePolicy": ("Queues", "PolicyDocument", "sqs"),
    "AWS::SQS::QueueInlinePolicy": ("Queue", "PolicyDocument", "sqs"),
    "AWS::SNS::TopicPolicy": ("Topics", "PolicyDocument", "sns"),
    "AWS::SNS::TopicInlinePolicy": ("TopicArn", "PolicyDocument", "sns"),
    "AWS::SecretsManager::ResourcePolicy": ("SecretId", "ResourcePolicy", "secretsmanager"),
    "AWS::Kinesis::ResourcePolicy": ("ResourceArn", "ResourcePolicy", "kinesis"),
}
"""The properties that name what is guarded and that hold the policy, and the service."""

DEFAULT_KEY_POLICY: Final = "the key has no KeyPolicy: AWS gives it the default one"


@dataclass(frozen=True, slots=True)
class Attached:
    """A policy for an identity: its type, its name as the template has it, and the policy."""

    kind: str
    name: str
    policy: Policy


@dataclass(frozen=True, slots=True)
class Guarding:
    """A policy of what it guards: an ARN, a queue's URL or a bucket's name, and the service it belongs to."""

    target: str
    service: str
    label: str
    policy: Policy


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """What a resource adds.

    Parameters
    ----------
    policies
        Of the identity itself: inline ones.
    managed
        ARNs of managed policies that it carries.
    boundary
        ARN of its permissions boundary; empty where it has none.
    groups
        Names of the groups of a user.
    trust
        Of a role.
    attached
        Policies for identities by name.
    own_managed, own_boundary
        The managed policy that the resource is, as an identity-based policy and as a boundary.
    guarding
        Resource-based policies.
    members
        Pairs of user and group names.
    endpoint
        Of a VPC endpoint; None gives full access.
    unresolved
        What could not be read.
    """

    policies: tuple[Policy, ...] = ()
    managed: tuple[str, ...] = ()
    boundary: str = ""
    groups: tuple[str, ...] = ()
    trust: Policy | None = None
    attached: tuple[Attached, ...] = ()
    own_managed: Policy | None = None
    own_boundary: Policy | None = None
    guarding: tuple[Guarding, ...] = ()
    members: tuple[tuple[str, str], ...] = ()
    endpoint: Policy | None = None
    unresolved: tuple[Unresolved, ...] = ()


NOTHING: Final = Part()


@dataclass(slots=True)
class Compiler:
    """Compiles documents, and gives back the same policy for an equal document at the same place."""

    known: dict[tuple[str, PolicyKind], list[tuple[Any, Compiled]]] = field(default_factory=dict)

    def compiled(self, document: Any, kind: PolicyKind, label: str) -> Compiled:
        """Return a document as a policy."""
        if len(self.known) > _PLACES:
            self.known.clear()
        rows = self.known.setdefault((label, kind), [])
        for written, found in rows:
            if written == document:
                return found
        found = compiled(document, kind, label)
        rows.append((document, found))
        del rows[:-_REMEMBERED]
        return found


@dataclass(slots=True)
class _Reader:
    resource: Resource
    compiler: Compiler
    around: Mapping[str, str]
    unresolved: list[Unresolved] = field(default_factory=list)

    def note(self, where: str, what: str) -> None:
        self.unresolved.append(Unresolved(self.resource.logical_id, where, what))

    def policy(self, document: Any, kind: PolicyKind, where: str, name: str = "") -> Policy:
        label = f"{self.resource.logical_id}.{where}" if where else self.resource.logical_id
        found = self.compiler.compiled(document, kind, f"{label} '{name}'" if name else label)
        for place, what in found.unread:
            inside = f"{where}.PolicyDocument" if "[" in where else where
            self.note(".".join(filter(None, ("Properties", inside, place))), what)
        return found.policy

    def texts(self, name: str) -> Iterator[str]:
        """Return a property as texts: one, or a list; anything else is unknown and noted."""
        value = self.resource.properties.get(name)
        if value is None:
            return
        for number, each in enumerate(value if isinstance(value, list) else [value]):
            for inner in each if isinstance(each, list) else [each]:
                if isinstance(inner, (str, int)):
                    yield str(inner)
                else:
                    self.note(f"Properties.{name}[{number}]", "it is no text")
                    yield UNKNOWN

    def identity(self) -> Part:
        properties = self.resource.properties
        policies = []
        inline = properties.get("Policies", [])
        for number, each in enumerate(inline if isinstance(inline, list) else [inline]):
            known = each if isinstance(each, dict) else {}
            name = known.get("PolicyName", "")
            document = known.get("PolicyDocument")
            policies.append(
                self.policy(
                    document,
                    PolicyKind.IDENTITY,
                    f"Policies[{number}]",
                    name if isinstance(name, str) else "",
                )
            )
        trust = None
        if self.resource.type == "AWS::IAM::Role":
            trust = self.policy(
                properties.get("AssumeRolePolicyDocument"), PolicyKind.TRUST, "AssumeRolePolicyDocument"
            )
        guarding = (
            () if trust is None else (Guarding(self.resource.arn, "iam", self.resource.logical_id, trust),)
        )
        return Part(
            policies=tuple(policies),
            managed=tuple(self.texts("ManagedPolicyArns")),
            boundary=next(self.texts("PermissionsBoundary"), ""),
            groups=tuple(self.texts("Groups")),
            trust=trust,
            guarding=guarding,
        )

    def inline(self) -> Part:
        """Return the part of ``AWS::IAM::Policy`` and of the types for one identity each."""
        name = self.resource.properties.get("PolicyName", "")
        found = self.policy(
            self.resource.properties.get("PolicyDocument"),
            PolicyKind.IDENTITY,
            "PolicyDocument",
            name if isinstance(name, str) else "",
        )
        single = _INLINE.get(self.resource.type)
        if single is not None:
            return Part(attached=tuple(Attached(single[1], each, found) for each in self.texts(single[0])))
        return Part(attached=tuple(self.attached(found)))

    def attached(self, found: Policy) -> Iterator[Attached]:
        for name, kind in _ATTACHING.items():
            for each in self.texts(name):
                yield Attached(kind, each, found)

    def managed(self) -> Part:
        document = self.resource.properties.get("PolicyDocument")
        found = self.policy(document, PolicyKind.IDENTITY, "PolicyDocument")
        seen = len(self.unresolved)
        boundary = self.policy(document, PolicyKind.BOUNDARY, "PolicyDocument")
        del self.unresolved[seen:]  # said once
        return Part(attached=tuple(self.attached(found)), own_managed=found, own_boundary=boundary)

    def of_another(self) -> Part:
        targets, name, service = _OF_ANOTHER[self.resource.type]
        found = self.policy(self.resource.properties.get(name), PolicyKind.RESOURCE, name)
        logical_id = self.resource.logical_id
        return Part(
            guarding=tuple(Guarding(each, service, logical_id, found) for each in self.texts(targets))
        )

    def own(self) -> Part:
        name = _OWN[self.resource.type]
        document = self.resource.properties.get(name)
        if document is None:
            default = _DEFAULTS.get(self.resource.type)
            if default is None:
                return NOTHING
            document = default(self.resource.arn)
        if self.resource.type in _WITHOUT_RESOURCE:
            document = _about_itself(document)
        found = self.policy(document, PolicyKind.RESOURCE, name)
        return Part(guarding=(self.guarding(found),))

    def guarding(self, found: Policy, arn: str = "") -> Guarding:
        target = arn or self.resource.arn
        service = target.split(":")[2] if target.count(":") > 1 else ""
        return Guarding(target, service, self.resource.logical_id, found)

    def table(self) -> Part:
        rows = []
        properties = self.resource.properties
        for where, arn in (("", ""), ("StreamSpecification", "stream")):
            holder = properties.get(where, {}) if where else properties
            written = holder.get("ResourcePolicy") if isinstance(holder, dict) else None
            if written is not None:
                document = written.get("PolicyDocument") if isinstance(written, dict) else written
                place = f"{where}.ResourcePolicy" if where else "ResourcePolicy"
                found = self.policy(document, PolicyKind.RESOURCE, place)
                rows.append(self.guarding(found, f"{self.resource.arn}/stream" if arn else ""))
        return Part(guarding=tuple(rows))

    def logs(self) -> Part:
        found = self.policy(
            self.resource.properties.get("PolicyDocument"), PolicyKind.RESOURCE, "PolicyDocument"
        )
        return Part(guarding=(Guarding("*", "logs", self.resource.logical_id, found),))

    def permission(self) -> Part:
        target, document = permission_document(self.resource.properties, self.around)
        found = self.policy(document, PolicyKind.RESOURCE, "")
        return Part(guarding=(Guarding(owner_arn(target), "lambda", self.resource.logical_id, found),))

    def bus(self) -> Part:
        properties = self.resource.properties
        name = next(self.texts("EventBusName"), "default")
        target = name if name.startswith("arn:") or UNKNOWN in name else self.bus_arn(name)
        statement = properties.get("Statement")
        if statement is None:
            principal = properties.get("Principal", UNKNOWN)
            statement = {
                "Effect": "Allow",
                "Principal": principal if principal == "*" else {"AWS": principal},
                "Action": properties.get("Action", UNKNOWN),
                "Resource": "*",
            }
            if properties.get("Condition"):
                statement["Condition"] = {"Unknown": {"template": "the organization"}}
        found = self.policy(
            {"Version": "2012-10-17", "Statement": statement}, PolicyKind.RESOURCE, "Statement"
        )
        return Part(guarding=(Guarding(target, "events", self.resource.logical_id, found),))

    def bus_arn(self, name: str) -> str:
        return "arn:{partition}:events:{region}:{account}:event-bus/".format_map(self.around) + name

    def endpoint(self) -> Part:
        document = self.resource.properties.get("PolicyDocument")
        if document is None:
            return Part()  # not NOTHING: an endpoint without a policy is one all the same, open to everything
        return Part(endpoint=self.policy(document, PolicyKind.ENDPOINT, "PolicyDocument"))

    def members(self) -> Part:
        group = next(self.texts("GroupName"), UNKNOWN)
        return Part(members=tuple((each, group) for each in self.texts("Users")))


_READERS: Mapping[str, Callable[[_Reader], Part]] = {
    "AWS::IAM::Role": _Reader.identity,
    "AWS::IAM::User": _Reader.identity,
    "AWS::IAM::Group": _Reader.identity,
    "AWS::IAM::Policy": _Reader.inline,
    "AWS::IAM::ManagedPolicy": _Reader.managed,
    "AWS::IAM::UserToGroupAddition": _Reader.members,
    "AWS::Lambda::Permission": _Reader.permission,
    "AWS::Logs::ResourcePolicy": _Reader.logs,
    "AWS::DynamoDB::Table": _Reader.table,
    "AWS::DynamoDB::GlobalTable": _Reader.table,
    "AWS::Events::EventBusPolicy": _Reader.bus,
    "AWS::EC2::VPCEndpoint": _Reader.endpoint,
    **dict.fromkeys(_INLINE, _Reader.inline),
    **dict.fromkeys(_OF_ANOTHER, _Reader.of_another),
    **dict.fromkeys(_OWN, _Reader.own),
}


def part(resource: Resource, compiler: Compiler, around: Mapping[str, str]) -> Part:
    """Return what a resource adds to the world's policies."""
    read = _READERS.get(resource.type)
    if read is None:
        return _unread(resource)
    reader = _Reader(resource, compiler, around)
    found = read(reader)
    if not reader.unresolved:
        return found
    return Part(
        **{name: getattr(found, name) for name in Part.__slots__ if name != "unresolved"},
        unresolved=tuple(reader.unresolved),
    )


def _unread(resource: Resource) -> Part:
    """Return the part of a type that is not known here: any policy that it holds is said to be unread."""
    found = [
        Unresolved(resource.logical_id, f"Properties.{name}", f"policies of {resource.type} are not read")
        for name, value in resource.properties.items()
        if isinstance(value, dict) and "Statement" in value
    ]
    return Part(unresolved=tuple(found)) if found else NOTHING


def carries_policies(kind: str) -> bool:
    """Return whether resources of a type can carry, attach or be a policy."""
    return kind in _READERS


def _about_itself(document: Any) -> Any:
    """Return a policy whose statements without a Resource are about what carries it."""
    written = document.get("Statement") if isinstance(document, dict) else None
    if not isinstance(written, (dict, list)):
        return document
    several = written if isinstance(written, list) else [written]
    full = [
        {**each, "Resource": "*"}
        if isinstance(each, dict) and not {"Resource", "NotResource"} & each.keys()
        else each
        for each in several
    ]
    return {**document, "Statement": full if isinstance(written, list) else full[0]}


def default_file_system_policy(_: str) -> dict[str, Any]:
    """Return the policy of a file system without one: whoever reaches a mount target may do everything.

    Amazon EFS User Guide, "Using IAM to control file system data access", default file system policy.
    """
    actions = [f"elasticfilesystem:Client{one}" for one in ("Mount", "Write", "RootAccess")]
    through = {"Bool": {"elasticfilesystem:AccessedViaMountTarget": "true"}}
    return {
        "Version": "2012-10-17",
        "Statement": {
            "Sid": "without a FileSystemPolicy",
            "Effect": "Allow",
            "Principal": {"AWS": "*"},
            "Action": actions,
            "Resource": "*",
            "Condition": through,
        },
    }


def default_key_policy(arn: str) -> dict[str, Any]:
    """Return the policy that AWS gives a key without one (KMS Developer Guide, "Default key policy")."""
    partition, account = arn.split(":")[1], arn.split(":")[4]
    return {
        "Version": "2012-10-17",
        "Statement": {
            "Sid": "Enable IAM User Permissions",
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:{partition}:iam::{account}:root"},
            "Action": "kms:*",
            "Resource": "*",
        },
    }


_DEFAULTS: Mapping[str, Callable[[str], dict[str, Any]]] = {
    "AWS::KMS::Key": default_key_policy,
    "AWS::KMS::ReplicaKey": default_key_policy,
    "AWS::EFS::FileSystem": default_file_system_policy,
}
"""What AWS gives a resource whose template gives it no policy."""
