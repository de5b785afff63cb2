"""A CDK app that has nothing to do with lakenb: wards of a clinic, with what CDK's own constructs grant.

Run it with the folder for its assembly; ``test_foreign.py`` compares what it makes with what is committed.
The wards repeat one shape; everything else stands once, for the form in which CDK writes it.
"""

from __future__ import annotations

import sys
from pathlib import Path

import aws_cdk as cdk
import constructs
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_efs as efs
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kinesis as kinesis
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_event_sources as sources
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_s3_deployment as deployment
from aws_cdk import aws_s3_notifications as notifications
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk import aws_stepfunctions_tasks as tasks

WARDS = ("Cardio", "Dental", "Ear", "Eye", "Heart", "Kidney", "Lung", "Skin")
INSURER = "222233334444"
FLAGS = {
    "@aws-cdk/aws-iam:minimizePolicies": True,
    "@aws-cdk/core:enablePartitionLiterals": True,
    "@aws-cdk/aws-lambda:recognizeLayerVersion": True,
}


def function(scope: constructs.Construct, name: str, **options: object) -> lambda_.Function:
    return lambda_.Function(
        scope,
        name,
        runtime=lambda_.Runtime.PYTHON_3_13,
        handler="index.handler",
        code=lambda_.Code.from_inline("def handler(event, context):\n    return event\n"),
        **options,  # type: ignore[arg-type]  # CDK's own keywords, passed on
    )


class Shared(cdk.Stack):
    """What the clinic's other stack imports."""

    def __init__(self, scope: constructs.Construct, name: str, *, synthesizer: cdk.IStackSynthesizer) -> None:
        super().__init__(scope, name, synthesizer=synthesizer)
        self.key = kms.Key(self, "ArchiveKey", enable_key_rotation=True)
        self.archive = s3.Bucket(
            self,
            "Archive",
            encryption=s3.BucketEncryption.KMS,
            encryption_key=self.key,
            enforce_ssl=True,
            versioned=True,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
        )
        self.alarms = sns.Topic(self, "Alarms")


class Ward(constructs.Construct):
    """One ward: arrivals -> topic -> queue -> function -> table, and a copy in the clinic's archive."""

    def __init__(self, scope: constructs.Construct, name: str, shared: Shared, alarm_at: float) -> None:
        super().__init__(scope, name)
        self.arrivals = s3.Bucket(self, "Arrivals", enforce_ssl=True)
        self.news = sns.Topic(self, "News")
        self.late = sqs.Queue(self, "Late", retention_period=cdk.Duration.days(14))
        self.work = sqs.Queue(
            self,
            "Work",
            visibility_timeout=cdk.Duration.seconds(180),
            dead_letter_queue=sqs.DeadLetterQueue(queue=self.late, max_receive_count=3),
        )
        self.table = dynamodb.Table(
            self, "Visits", partition_key=dynamodb.Attribute(name="id", type=dynamodb.AttributeType.STRING)
        )
        log = logs.LogGroup(self, "Log", retention=logs.RetentionDays.ONE_MONTH)
        self.reader = function(
            self,
            "Reader",
            log_group=log,
            environment={"TABLE": self.table.table_name, "ALARM_AT": str(alarm_at)},
        )
        self.arrivals.add_event_notification(
            s3.EventType.OBJECT_CREATED,
            notifications.SnsDestination(self.news),
            s3.NotificationKeyFilter(prefix="in/"),
        )
        self.news.add_subscription(
            subscriptions.SqsSubscription(self.work, raw_message_delivery=True, dead_letter_queue=self.late)
        )
        self.reader.add_event_source(sources.SqsEventSource(self.work, batch_size=5))
        self.arrivals.grant_read(self.reader, "in/*")
        self.table.grant_read_write_data(self.reader)
        shared.archive.grant_put(self.reader, f"{name.lower()}/*")
        shared.alarms.grant_publish(self.reader)


class Contractor(constructs.Construct):
    """Somebody from outside the house, behind a permissions boundary."""

    def __init__(self, scope: constructs.Construct, name: str, ward: Ward) -> None:
        super().__init__(scope, name)
        boundary = iam.ManagedPolicy(
            self,
            "Boundary",
            statements=[
                iam.PolicyStatement(actions=["s3:GetObject", "logs:*"], resources=["*"]),
                iam.PolicyStatement(
                    effect=iam.Effect.DENY,
                    actions=["s3:*"],
                    resources=[ward.arrivals.arn_for_objects("in/vip/*")],
                ),
            ],
        )
        self.role = iam.Role(self, "Role", assumed_by=iam.AccountRootPrincipal())
        ward.arrivals.grant_read_write(self.role)
        self.job = function(self, "Job")
        ward.arrivals.grant_read(self.job)
        ward.work.grant_send_messages(self.job)
        iam.PermissionsBoundary.of(self).apply(boundary)


class Clinic(cdk.Stack):
    """The wards, and one of each sort of thing that CDK can make."""

    def __init__(
        self, scope: constructs.Construct, name: str, shared: Shared, *, synthesizer: cdk.IStackSynthesizer
    ) -> None:
        super().__init__(scope, name, synthesizer=synthesizer)
        self.shared = shared
        self.wards = {ward: Ward(self, ward, shared, 38.0 + index) for index, ward in enumerate(WARDS)}
        self.network()
        self.records()
        self.secrets()
        self.reports()
        self.flow()
        self.people()
        self.site()
        self.choices()
        self.streams()
        Contractor(self, "Contractor", self.wards["Dental"])

    def network(self) -> None:
        self.vpc = ec2.Vpc(
            self, "Net", max_azs=2, nat_gateways=1, ip_addresses=ec2.IpAddresses.cidr("10.7.0.0/16")
        )
        gate = self.vpc.add_gateway_endpoint("S3Gate", service=ec2.GatewayVpcEndpointAwsService.S3)
        gate.add_to_policy(
            iam.PolicyStatement(
                principals=[iam.AnyPrincipal()],
                actions=["s3:GetObject", "s3:PutObject"],
                resources=[self.shared.archive.arn_for_objects("*")],
            )
        )
        self.vpc.add_gateway_endpoint("TableGate", service=ec2.GatewayVpcEndpointAwsService.DYNAMODB)
        queues = self.vpc.add_interface_endpoint("QueueGate", service=ec2.InterfaceVpcEndpointAwsService.SQS)
        queues.add_to_policy(
            iam.PolicyStatement(
                principals=[iam.AnyPrincipal()],
                actions=["sqs:*"],
                resources=["*"],
                conditions={"StringEquals": {"aws:PrincipalAccount": self.account}},
            )
        )
        sealed = s3.Bucket(self, "Sealed")
        sealed.add_to_resource_policy(
            iam.PolicyStatement(
                effect=iam.Effect.DENY,
                principals=[iam.AnyPrincipal()],
                actions=["s3:GetObject", "s3:PutObject"],
                resources=[sealed.arn_for_objects("*")],
                conditions={"StringNotEquals": {"aws:SourceVpce": gate.vpc_endpoint_id}},
            )
        )
        self.nightly = function(self, "Nightly", vpc=self.vpc, timeout=cdk.Duration.minutes(5))
        sealed.grant_read_write(self.nightly)
        files = efs.FileSystem(self, "Files", vpc=self.vpc, allow_anonymous_access=False, encrypted=True)
        files.grant_root_access(self.nightly)

    def records(self) -> None:
        self.key = kms.Key(self, "RecordsKey", alias="clinic/records")
        self.archive = s3.Bucket(
            self,
            "Records",
            encryption=s3.BucketEncryption.KMS,
            encryption_key=self.key,
            bucket_key_enabled=True,
            removal_policy=cdk.RemovalPolicy.DESTROY,
            auto_delete_objects=True,
        )
        self.scribe = function(self, "Scribe")
        self.archive.grant_write(self.scribe, "written/*")
        self.archivist = function(self, "Archivist")
        self.archive.grant_read(self.archivist)
        self.shared.archive.grant_read(self.archivist)
        self.sealed_news = sns.Topic(self, "SealedNews", master_key=self.key, enforce_ssl=True)
        self.sealed_news.grant_publish(self.scribe)
        self.sealed_work = sqs.Queue(self, "SealedWork", encryption_master_key=self.key, enforce_ssl=True)
        self.sealed_news.add_subscription(subscriptions.SqsSubscription(self.sealed_work))
        self.archivist.add_event_source(sources.SqsEventSource(self.sealed_work))
        self.key.grant_encrypt(iam.AccountPrincipal(INSURER))
        signer = kms.Key(
            self, "SigningKey", key_spec=kms.KeySpec.RSA_2048, key_usage=kms.KeyUsage.SIGN_VERIFY
        )
        signer.grant(self.scribe, "kms:Sign")

    def secrets(self) -> None:
        self.password = secretsmanager.Secret(self, "Password")
        self.password.grant_read(self.archivist)
        token = secretsmanager.Secret(self, "Token", encryption_key=self.key)
        token.grant_read(self.scribe)
        token.add_to_resource_policy(
            iam.PolicyStatement(
                effect=iam.Effect.DENY,
                principals=[iam.AnyPrincipal()],
                actions=["secretsmanager:GetSecretValue"],
                resources=["*"],
                conditions={"ArnNotEquals": {"aws:PrincipalArn": self.scribe.role.role_arn}},  # type: ignore[union-attr]  # every function has a role
            )
        )

    def reports(self) -> None:
        self.reporter = function(self, "Reporter", memory_size=512)
        self.reporter.add_event_source(sources.SnsEventSource(self.wards["Eye"].news))
        self.reporter.add_event_source(
            sources.DynamoEventSource(
                dynamodb.Table(
                    self,
                    "Bills",
                    partition_key=dynamodb.Attribute(name="id", type=dynamodb.AttributeType.STRING),
                    stream=dynamodb.StreamViewType.NEW_IMAGE,
                ),
                starting_position=lambda_.StartingPosition.LATEST,
            )
        )
        index = dynamodb.Table(
            self, "Index", partition_key=dynamodb.Attribute(name="id", type=dynamodb.AttributeType.STRING)
        )
        index.add_global_secondary_index(
            index_name="byDay",
            partition_key=dynamodb.Attribute(name="day", type=dynamodb.AttributeType.STRING),
        )
        index.grant_read_data(self.reporter)
        self.reporter.add_function_url(auth_type=lambda_.FunctionUrlAuthType.AWS_IAM).grant_invoke_url(
            iam.AccountPrincipal(INSURER)
        )
        self.door = function(self, "Door")
        self.door.add_function_url(auth_type=lambda_.FunctionUrlAuthType.NONE)
        live = lambda_.Alias(self, "Live", alias_name="live", version=self.reporter.current_version)
        live.grant_invoke(self.door)
        uploads = s3.Bucket(self, "Uploads")
        uploads.add_event_notification(
            s3.EventType.OBJECT_CREATED, notifications.LambdaDestination(self.reporter)
        )
        uploads.grant_delete(self.door, "tmp/*")
        uploads.grant_public_access("public/*")
        s3.Bucket.from_bucket_name(self, "Abroad", "clinic-abroad").grant_read(self.reporter)

    def flow(self) -> None:
        ward = self.wards["Heart"]
        chain = (
            tasks.LambdaInvoke(self, "Ask", lambda_function=self.reporter)
            .next(
                tasks.DynamoPutItem(
                    self,
                    "Note",
                    item={"id": tasks.DynamoAttributeValue.from_string("x")},
                    table=ward.table,
                )
            )
            .next(
                tasks.SqsSendMessage(
                    self, "Tell", queue=ward.work, message_body=sfn.TaskInput.from_json_path_at("$")
                )
            )
        )
        self.machine = sfn.StateMachine(
            self, "Rounds", definition_body=sfn.DefinitionBody.from_chainable(chain)
        )
        self.machine.grant_start_execution(self.door)
        events.Rule(
            self,
            "EveryNight",
            schedule=events.Schedule.cron(hour="2", minute="30"),
            targets=[targets.LambdaFunction(self.nightly), targets.SfnStateMachine(self.machine)],
        )
        events.Rule(
            self,
            "Alarm",
            event_pattern=events.EventPattern(source=["clinic.bed"]),
            targets=[
                targets.SqsQueue(ward.work),
                targets.SnsTopic(ward.news),
                targets.CloudWatchLogGroup(logs.LogGroup(self, "AlarmLog")),
            ],
        )
        bus = events.EventBus(self, "Bus")
        bus.grant_put_events_to(self.door)

    def people(self) -> None:
        lung = self.wards["Lung"]
        auditor = iam.Role(
            self,
            "Auditor",
            assumed_by=iam.PrincipalWithConditions(
                iam.AccountPrincipal(INSURER), {"StringEquals": {"sts:ExternalId": "audit-7"}}
            ),
            managed_policies=[iam.ManagedPolicy.from_aws_managed_policy_name("job-function/ViewOnlyAccess")],
            inline_policies={
                "bills": iam.PolicyDocument(
                    statements=[
                        iam.PolicyStatement(
                            actions=["s3:Get*", "s3:List*"],
                            not_resources=[lung.arrivals.bucket_arn, lung.arrivals.arn_for_objects("*")],
                        )
                    ]
                )
            },
        )
        lung.late.grant_consume_messages(auditor)
        nurses = iam.Group(self, "Nurses")
        iam.User(self, "Ada", groups=[nurses])
        lung.arrivals.grant_read(nurses)
        on_call = iam.Role(self, "OnCall", assumed_by=iam.AccountRootPrincipal())
        iam.ManagedPolicy(
            self,
            "OnCallWork",
            roles=[on_call],
            statements=[
                iam.PolicyStatement(
                    actions=["sqs:ReceiveMessage", "sqs:PurgeQueue"], resources=[lung.work.queue_arn]
                ),
                iam.PolicyStatement(
                    effect=iam.Effect.DENY,
                    actions=["sqs:PurgeQueue"],
                    resources=["*"],
                    conditions={"Bool": {"aws:MultiFactorAuthPresent": "false"}},
                ),
            ],
        )
        chief = iam.Role(
            self,
            "Chief",
            assumed_by=iam.CompositePrincipal(
                iam.ServicePrincipal("lambda.amazonaws.com"), iam.ArnPrincipal(on_call.role_arn)
            ),
            path="/lead/",
        )
        chief.grant_pass_role(self.reporter.role)  # type: ignore[arg-type]  # every function has a role
        lung.table.grant_full_access(chief)
        chief.add_managed_policy(
            iam.ManagedPolicy.from_aws_managed_policy_name("service-role/AWSLambdaBasicExecutionRole")
        )
        images = ecr.Repository(self, "Images", removal_policy=cdk.RemovalPolicy.DESTROY)
        images.grant_pull(iam.AccountPrincipal(INSURER))
        images.grant_pull_push(chief)

    def site(self) -> None:
        pages = s3.Bucket(self, "Pages", removal_policy=cdk.RemovalPolicy.DESTROY, auto_delete_objects=True)
        deployment.BucketDeployment(
            self,
            "Publish",
            destination_bucket=pages,
            sources=[deployment.Source.data("index.html", "<p>Visiting hours: two to five</p>")],
        )

    def choices(self) -> None:
        stage = cdk.CfnParameter(self, "Stage", allowed_values=["test", "live"], default="test")
        is_live = cdk.CfnCondition(
            self, "IsLive", expression=cdk.Fn.condition_equals(stage.value_as_string, "live")
        )
        stash = s3.Bucket(self, "Stash")
        only_live = function(self, "OnlyLive")
        grant = iam.Policy(
            self,
            "LiveGrant",
            roles=[only_live.role],  # type: ignore[list-item]  # every function has a role
            statements=[
                iam.PolicyStatement(actions=["s3:GetObject"], resources=[stash.arn_for_objects("live/*")])
            ],
        )
        policy = grant.node.default_child
        policy.cfn_options.condition = is_live  # type: ignore[union-attr]  # the policy's own resource
        stash.add_to_resource_policy(
            iam.PolicyStatement(
                principals=[iam.ArnPrincipal(only_live.role.role_arn)],  # type: ignore[union-attr]  # the role is made a few lines above
                actions=["s3:GetObject"],
                resources=[
                    stash.arn_for_objects(
                        cdk.Token.as_string(
                            cdk.Fn.condition_if(is_live.logical_id, "both/live.txt", "both/test.txt")
                        )
                    )
                ],
            )
        )
        logs.ResourcePolicy(
            self,
            "Dns",
            policy_statements=[
                iam.PolicyStatement(
                    principals=[iam.ServicePrincipal("route53.amazonaws.com")],
                    actions=["logs:CreateLogStream", "logs:PutLogEvents"],
                    resources=[f"arn:aws:logs:{self.region}:{self.account}:log-group:/dns/*"],
                )
            ],
        )

    def streams(self) -> None:
        beats = kinesis.Stream(self, "Beats", encryption=kinesis.StreamEncryption.MANAGED)
        listener = function(self, "Listener")
        listener.add_event_source(
            sources.KinesisEventSource(beats, starting_position=lambda_.StartingPosition.LATEST)
        )
        beats.grant_write(self.wards["Heart"].reader)


def main() -> None:
    app = cdk.App(
        outdir=sys.argv[1],
        analytics_reporting=False,
        tree_metadata=False,
        builtin_cloud_formation_validation=False,
        context=FLAGS,
    )
    shared = Shared(app, "ClinicShared", synthesizer=cdk.DefaultStackSynthesizer())
    Clinic(app, "Clinic", shared, synthesizer=cdk.DefaultStackSynthesizer())
    app.synth()


if __name__ == "__main__":
    Path(sys.argv[1]).mkdir(parents=True, exist_ok=True)
    main()
