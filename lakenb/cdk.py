"""A pipeline inside an ordinary CDK app: `PipelineConstruct`.

This module belongs to the process of a user's own CDK app; it imports `aws_cdk`. A notebook writes an
assembly with `Pipeline.synth` instead, which needs no app and keeps CDK out of the kernel.
"""

from __future__ import annotations

import atexit
import json
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

try:
    import aws_cdk
    import jsii
    from aws_cdk import aws_ec2 as ec2
    from aws_cdk import aws_iam as iam
    from aws_cdk import aws_kms as kms
    from aws_cdk import aws_s3 as s3
    from aws_cdk.aws_s3_assets import Asset
    from aws_cdk.cloudformation_include import CfnInclude
    from constructs import Construct, IConstruct
except ImportError as _error:
    from lakenb.backends.cdk.installation import uninstalled

    raise uninstalled(_error.name or "aws_cdk") from _error

from lakenb.backends.cdk.tokens import in_stack_shared_by_others
from lakenb.errors import Fault, OptionError, QuotaError, SynthError
from lakenb.graph.keys import Key
from lakenb.graph.networks import Vpc, placed
from lakenb.packaging.zips import function_zip
from lakenb.security.endpoints import services_called
from lakenb.security.keys import key_at
from lakenb.security.stores import given_bucket, provides
from lakenb.template.build import arns_of, build
from lakenb.template.keys import owner_statements
from lakenb.template.names import Kind, logical_id
from lakenb.template.quotas import one_stack_faults, quota_faults

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lakenb.graph.code import Code
    from lakenb.graph.graph import Graph

__all__ = ["PipelineConstruct"]


class PipelineConstruct(Construct):
    """A pipeline in a stack of the user's own.

    The pipeline's own template becomes a part of the stack: the statements are the same, logical ids are
    CDK's, and the functions' zips are assets of the app, whatever its synthesizer. Explicit names carry the
    pipeline's id beside the stack's name, so that several pipelines fit in one stack.

    Parameters
    ----------
    scope, id
        As for every construct.
    pipeline
        The pipeline.
    buckets
        The buckets that triggers were given, by the triggers' ids. Only needed for buckets that are not made
        in this app, whose constructs cannot be found from their names.
    key
        The key that all of the pipeline is under, nodes with keys of their own apart. The statements that
        services need are added to its policy; where CDK cannot (a key that is only imported), they are
        printed as a warning, and its owner adds them.
    vpc
        The VPC in which all functions are placed, nodes with VPCs of their own apart. Where it is made in
        this app, a missing endpoint is an error when the app is synthesized; of a VPC that is only imported,
        what it must have is printed as a warning.
    subnets
        Where in it; its private subnets without a way to the internet by default, else its private ones.
    security_groups
        What guards the functions there; by default a group of this construct's own, which lets out HTTPS.

    Raises
    ------
    OptionError
        If `buckets` does not fit the pipeline, or the pipeline names another key or another VPC.
    SynthError
        If the stack holds this pipeline already, or a given bucket has a key of its own.
    QuotaError
        If one stack cannot hold the pipeline.

    Notes
    -----
    A given bucket that is made in the same app is told to send its events to EventBridge, by a property
    of the bucket and without a custom resource. Where CDK manages the bucket's notifications already
    (`add_event_notification`), its own custom resource does it. A bucket that is only imported is not
    touched; its owner runs
    ``aws s3api put-bucket-notification-configuration --bucket NAME
    --notification-configuration '{"EventBridgeConfiguration": {}}'``, beside what it has already.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,  # noqa: A002 - the name that every construct has
        *,
        pipeline: Graph,
        buckets: Mapping[str, s3.IBucket] | None = None,
        key: kms.IKey | None = None,
        vpc: ec2.IVpc | None = None,
        subnets: Sequence[ec2.ISubnet] = (),
        security_groups: Sequence[ec2.ISecurityGroup] = (),
    ) -> None:
        super().__init__(scope, id)
        self.pipeline: Graph = pipeline if key is None else _under(pipeline, key, self.node.path)
        if vpc is not None:
            self.pipeline = self._within(vpc, subnets, security_groups)
        self._stack = aws_cdk.Stack.of(self)
        self._given: dict[str, s3.IBucket] = {}
        self._refuse_twice()
        template = self._template()
        self._given = self._found_buckets(buckets or {})
        with tempfile.TemporaryDirectory(prefix="lakenb-construct-") as folder:
            path = Path(folder, "template.json")
            path.write_text(json.dumps(template), encoding="utf-8")
            self.include: CfnInclude = CfnInclude(
                self, "Template", template_file=str(path), preserve_logical_ids=False
            )
        for node, bucket in self._given.items():
            _send_to_event_bridge(bucket, node, self._key_of(node))
        if key is not None:
            self._let_services_use(key)

    def resource(self, node: str, kind: str) -> aws_cdk.CfnResource:
        """Return one of a node's resources, as CDK's construct of its CloudFormation type.

        Parameters
        ----------
        node
            The node's id.
        kind
            ``Store``, ``StorePolicy``, ``Queue``, ``QueuePolicy``, ``DeadLetters``, ``DeadLettersPolicy``,
            ``Topic``, ``TopicPolicy``, ``Logs``, ``Role``, ``Function``, ``Mapping`` or ``Rule``.

        Raises
        ------
        OptionError
            If there is no such node, or it has no such resource.
        """
        where = f"PipelineConstruct {self.node.path!r}"
        if node not in self.pipeline.nodes:
            what = f"pipeline {self.pipeline.id!r} has no node {node!r}"
            raise OptionError([Fault(what, where, f"one of {', '.join(self.pipeline.nodes)}")])
        kinds = {known.value: known for known in Kind}
        if kind not in kinds:
            raise OptionError(
                [Fault(f"no kind of resource is {kind!r}", where, f"one of {', '.join(kinds)}")]
            )
        try:
            return self.include.get_resource(logical_id(node, kinds[kind]))
        except RuntimeError as error:  # jsii's, for whatever CDK throws
            what = f"'{node}' has no resource of the kind {kind!r}"
            raise OptionError([Fault(what, where, "see the pipeline's template()")]) from error

    def store(self, node: str) -> s3.IBucket:
        """Return a node's bucket: the one that the pipeline makes, or the one that the trigger was given.

        Raises
        ------
        OptionError
            If the node has none.
        """
        if node in self._given:
            return self._given[node]
        bucket: s3.IBucket = s3.Bucket.from_cfn_bucket(self.resource(node, Kind.STORE.value))
        return bucket

    def _template(self) -> dict[str, Any]:
        """Return the pipeline's template with the assets' places as tokens, and with names of its own."""
        code = {step.code() for step in self.pipeline.nodes.values()}
        assets = {made: self._asset(made) for made in sorted(code)}
        template = build(self.pipeline, {made: asset.s3_object_key for made, asset in assets.items()})
        bucket = next(iter(assets.values())).s3_bucket_name
        template = in_stack_shared_by_others(template, self.pipeline.id, bucket)
        name = self._stack.stack_name
        told = "x" if aws_cdk.Token.is_unresolved(name) else name
        if faults := one_stack_faults(template) or quota_faults(template, told):
            raise QuotaError(faults)
        return template

    def _within(
        self, vpc: ec2.IVpc, subnets: Sequence[ec2.ISubnet], groups: Sequence[ec2.ISecurityGroup]
    ) -> Graph:
        """Return the pipeline in a VPC of CDK, which is looked at when the app is synthesized."""
        where = f"PipelineConstruct {self.node.path!r}, vpc"
        if self.pipeline.vpc is not None:
            what = f"pipeline {self.pipeline.id!r} names a VPC already"
            raise OptionError([Fault(what, where, "name it in one of the two places")])
        chosen = subnets or vpc.isolated_subnets or vpc.private_subnets
        if not groups:
            own = ec2.SecurityGroup(self, "Functions", vpc=vpc, allow_all_outbound=False)
            # a gateway's addresses are the service's public ones, which no template can name
            own.add_egress_rule(ec2.Peer.any_ipv4(), ec2.Port.tcp(443), "to endpoints and gateways")
            groups = [own]
        made = Vpc(
            subnets=[one.subnet_id for one in chosen],
            security_groups=[one.security_group_id for one in groups],
        )
        if faults := made.faults(where):
            raise OptionError(faults)
        placed_there = self.pipeline.within(made)
        aws_cdk.Aspects.of(self).add(_Reached(self, vpc, placed_there))
        return placed_there

    def _key_of(self, node: str) -> str:
        """Return the ARN of the given key that a node's resources are under; empty for any other."""
        found = key_at(self.pipeline, node, is_bucket=False)
        return found.id if found is not None else ""

    def _let_services_use(self, key: kms.IKey) -> None:
        """Add what services need to a key's policy; print what CDK cannot add."""
        statements = owner_statements(self.pipeline, arns_of(self.pipeline)).get(key.key_arn, [])
        # one stack's key may serve another's pipeline: the names are those of the pipeline's stack
        own = {
            "StackName": f"{self._stack.stack_name}_{self.pipeline.id}",
            "AccountId": self._stack.account,
            "Region": self._stack.region,
            "Partition": self._stack.partition,
        }
        known = {name: text for name, text in own.items() if not aws_cdk.Token.is_unresolved(text)}
        left = []
        for statement in statements:
            # a key may serve several pipelines, and no two statements of a policy have one name
            named = statement | {"Sid": f"{statement['Sid']}For{self.node.addr[-8:]}"}
            added = key.add_to_resource_policy(iam.PolicyStatement.from_json(_filled_in(named, own)))
            if not added.statement_added:
                left.append(_filled_in(statement, known))
        if left:
            wish = f"the owner of the key of pipeline {self.pipeline.id!r} must add to its policy: "
            text = wish + json.dumps(left, sort_keys=True)
            aws_cdk.Annotations.of(self).add_warning_v2("lakenb:key-policy", text)

    def _asset(self, code: Code) -> Asset:
        made = function_zip(code)
        path = _scratch() / f"{made.hash}.zip"
        if not path.exists():
            path.write_bytes(made.build())
        return Asset(
            self,
            f"Code{made.hash[:16]}",
            path=str(path),
            asset_hash=made.hash,
            asset_hash_type=aws_cdk.AssetHashType.CUSTOM,
        )

    def _refuse_twice(self) -> None:
        for other in self._stack.node.find_all():
            if (
                isinstance(other, PipelineConstruct)
                and other is not self
                and other.pipeline.id == self.pipeline.id
            ):
                what = f"the stack holds pipeline {self.pipeline.id!r} twice: its queues would share names"
                mend = "give one of them another id, or a stack of its own"
                raise SynthError(what, f"{other.node.path!r} and {self.node.path!r}", mend)

    def _found_buckets(self, told: Mapping[str, s3.IBucket]) -> dict[str, s3.IBucket]:
        """Return the given buckets' constructs, by their triggers: those told, and those of this app."""
        names = {
            node: name
            for node, step in self.pipeline.nodes.items()
            if (name := given_bucket(step)) is not None
        }
        where = f"PipelineConstruct {self.node.path!r}, buckets"
        faults = [
            Fault(f"{node!r} is no trigger of a given bucket", where, f"S3Trigger({node!r}, bucket=...)")
            for node in sorted(told.keys() - names.keys())
        ] + [
            Fault(f"the bucket of {node!r} is not the one that its trigger names", where, "leave it out")
            for node in sorted(told.keys() & names.keys())
            if told[node].bucket_name != names[node]
        ]
        if faults:
            raise OptionError(faults)
        unknown = {name for node, name in names.items() if node not in told}
        made = {
            bucket.bucket_name: bucket
            for bucket in (self.node.root.node.find_all() if unknown else ())
            if isinstance(bucket, s3.Bucket)
        }
        found = {node: made[name] for node, name in names.items() if name in made}
        return found | dict(told)


def _under(pipeline: Graph, key: kms.IKey, where: str) -> Graph:
    """Return a pipeline under a key of CDK."""
    if pipeline.key is not None and not pipeline.key.is_made:
        what = f"pipeline {pipeline.id!r} names a key already"
        raise OptionError(
            [Fault(what, f"PipelineConstruct {where!r}, key", "name it in one of the two places")]
        )
    options = pipeline.key or Key()
    return pipeline.under(Key(key.key_arn, data_key_reuse=options.data_key_reuse))


def _filled_in(value: Any, known: Mapping[str, str]) -> Any:
    """Return a value with the stack's own parameters filled into its texts."""
    match value:
        case str():
            for name, text in known.items():
                value = value.replace(f"${{AWS::{name}}}", text)
            return value
        case dict():
            return {key: _filled_in(item, known) for key, item in value.items()}
        case list():
            return [_filled_in(item, known) for item in value]
    return value


def _send_to_event_bridge(bucket: s3.IBucket, node: str, key: str) -> None:
    """Let a bucket of this app announce its objects; one that is only imported is left alone.

    Raises
    ------
    SynthError
        If the pipeline could not read it.
    """
    if bucket.encryption_key is not None and bucket.encryption_key.key_arn != key:
        what = f"the bucket of '{node}' has a key of its own, which the pipeline's roles may not use"
        mend = "give the trigger that key by S3Trigger(..., key=...), or PipelineConstruct(..., key=...)"
        raise SynthError(what, f"trigger '{node}'", mend)
    if isinstance(bucket.node.default_child, s3.CfnBucket):
        aws_cdk.Aspects.of(bucket).add(_Announce(bucket))


@jsii.implements(aws_cdk.IAspect)
class _Announce:
    """Turns a bucket's events on when the app is synthesized: by then all else of the bucket is known."""

    def __init__(self, bucket: s3.IBucket) -> None:
        self._bucket = bucket

    def visit(self, node: IConstruct) -> None:
        """Turn them on where the bucket's notifications are told."""
        if not isinstance(node, s3.CfnBucket):
            return
        if self._bucket.node.try_find_child("Notifications") is not None:
            # CDK's custom resource writes the bucket's whole configuration, and would take back what stands
            # in the template
            self._bucket.enable_event_bridge_notification()
            return
        path = "NotificationConfiguration.EventBridgeConfiguration.EventBridgeEnabled"
        node.add_property_override(path, value=True)


@jsii.implements(aws_cdk.IAspect)
class _Reached:
    """Looks for the endpoints of a VPC when the app is synthesized: by then all of them are there."""

    def __init__(self, construct: PipelineConstruct, vpc: ec2.IVpc, pipeline: Graph) -> None:
        self._construct = construct
        self._vpc = vpc
        self._pipeline = pipeline

    def visit(self, node: IConstruct) -> None:
        """Look once: at the pipeline's own construct."""
        if node is not self._construct:
            return
        provided = provides(self._pipeline)
        alone = [one for one in placed(self._pipeline) if self._pipeline.nodes[one].vpc is None]
        needs = {one: services_called(self._pipeline, one, provided) for one in alone}
        annotations = aws_cdk.Annotations.of(node)
        if not isinstance(self._vpc.node.default_child, ec2.CfnVPC):
            every = ", ".join(sorted({one for some in needs.values() for one in some}))
            text = f"nothing is known of the imported VPC: it must have endpoints for {every}"
            annotations.add_warning_v2("lakenb:endpoints", text)
            return
        standing = self._standing()
        for one, services in needs.items():
            for service in services:
                if service not in standing:
                    mend = "add it with add_gateway_endpoint or add_interface_endpoint"
                    annotations.add_error(
                        f"'{one}' calls {service}, for which its VPC has no endpoint: {mend}"
                    )

    def _standing(self) -> set[str]:
        """Return the services for which the VPC has endpoints in this app, private names and all."""
        stack = aws_cdk.Stack.of(self._construct)
        own, found = stack.resolve(self._vpc.vpc_id), set()
        for one in self._construct.node.root.node.find_all():
            if isinstance(one, ec2.CfnVPCEndpoint) and stack.resolve(one.vpc_id) == own:
                is_named = one.vpc_endpoint_type != "Interface" or one.private_dns_enabled is not False
                if is_named:
                    found.add(_last_part(stack.resolve(one.service_name)))
        return found


def _last_part(service: Any) -> str:
    """Return the last part of an endpoint's service name, in which the region may be a token."""
    if isinstance(service, dict):
        parts = next(iter(service.values()))
        service = "".join(one for one in parts[-1] if isinstance(one, str)) if isinstance(parts, list) else ""
    return str(service).rpartition(".")[2]


_SCRATCH: list[Path] = []


def _scratch() -> Path:
    """Return a folder for zips that lives until this process ends: CDK copies them when it wants."""
    if not _SCRATCH:
        _SCRATCH.append(Path(tempfile.mkdtemp(prefix="lakenb-construct-")))
        atexit.register(shutil.rmtree, _SCRATCH[0], ignore_errors=True)
    return _SCRATCH[0]
