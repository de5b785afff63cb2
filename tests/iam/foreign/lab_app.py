"""A CDK app with nested stacks: a laboratory's parent, its intake and its analysis, and a shelf inside that.

Run it with the folder for its assembly; ``test_foreign.py`` compares what it makes with the committed one.
References cross every border that there is: parent to child, child to parent, child to child, and to a
child's child.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_event_sources as sources
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from aws_cdk import aws_sqs as sqs

if TYPE_CHECKING:
    import constructs


class Intake(cdk.NestedStack):
    """Samples come in: a bucket, a topic, and a function that weighs them."""

    def __init__(self, scope: constructs.Construct, name: str, key: kms.IKey, alarms: sns.ITopic) -> None:
        super().__init__(scope, name)
        self.samples = s3.Bucket(
            self, "Samples", encryption=s3.BucketEncryption.KMS, encryption_key=key, enforce_ssl=True
        )
        self.weighed = sns.Topic(self, "Weighed")
        self.scale = function(self, "Scale")
        self.samples.grant_read(self.scale)
        self.weighed.grant_publish(self.scale)
        alarms.grant_publish(self.scale)


class Analysis(cdk.NestedStack):
    """Samples are analysed: a queue on the other child's topic, a function, and a shelf of its own."""

    def __init__(self, scope: constructs.Construct, name: str, intake: Intake, alarms: sns.ITopic) -> None:
        super().__init__(scope, name)
        self.bench = sqs.Queue(self, "Bench")
        intake.weighed.add_subscription(subscriptions.SqsSubscription(self.bench))
        self.chemist = function(self, "Chemist")
        self.chemist.add_event_source(sources.SqsEventSource(self.bench))
        intake.samples.grant_read(self.chemist, "fresh/*")
        shelf = Shelf(self, "Shelf")
        shelf.results.grant_put(self.chemist, "done/*")
        alarms.grant_publish(self.chemist)
        self.shelf = shelf


class Shelf(cdk.NestedStack):
    """Where results lie."""

    def __init__(self, scope: constructs.Construct, name: str) -> None:
        super().__init__(scope, name)
        self.results = s3.Bucket(self, "Results", enforce_ssl=True, bucket_name="lab-results-222233334444")
        librarian = iam.Role(self, "Librarian", assumed_by=iam.AccountRootPrincipal())
        self.results.grant_read(librarian)


class Lab(cdk.Stack):
    """The parent: a key and a topic for its children, and people who work with what they hold."""

    def __init__(self, scope: constructs.Construct, name: str) -> None:
        super().__init__(scope, name, synthesizer=cdk.DefaultStackSynthesizer())
        key = kms.Key(self, "Key")
        alarms = sns.Topic(self, "Alarms")
        intake = Intake(self, "Intake", key, alarms)
        analysis = Analysis(self, "Analysis", intake, alarms)
        courier = iam.Role(self, "Courier", assumed_by=iam.AccountPrincipal("222233334444"))
        intake.samples.grant_put(courier, "fresh/*")
        reviewer = iam.Role(self, "Reviewer", assumed_by=iam.AccountRootPrincipal())
        analysis.shelf.results.grant_read(reviewer)
        analysis.bench.grant_send_messages(reviewer)
        analysis.chemist.grant_invoke(reviewer)
        alarms.add_to_resource_policy(
            iam.PolicyStatement(
                effect=iam.Effect.DENY,
                principals=[iam.AnyPrincipal()],
                actions=["sns:Publish"],
                resources=[alarms.topic_arn],
                conditions={
                    "ArnNotEquals": {
                        "aws:PrincipalArn": [intake.scale.role.role_arn, analysis.chemist.role.role_arn]  # type: ignore[union-attr]  # every function has a role
                    }
                },
            )
        )


def function(scope: constructs.Construct, name: str) -> lambda_.Function:
    return lambda_.Function(
        scope,
        name,
        runtime=lambda_.Runtime.PYTHON_3_13,
        handler="index.handler",
        code=lambda_.Code.from_inline("def handler(event, context):\n    return event\n"),
    )


def main() -> None:
    app = cdk.App(
        outdir=sys.argv[1],
        analytics_reporting=False,
        tree_metadata=False,
        builtin_cloud_formation_validation=False,
        # as the command `cdk synth` sets it: nested stacks name the file of their template
        context={"aws:cdk:enable-asset-metadata": True},
    )
    Lab(app, "Lab")
    app.synth()


if __name__ == "__main__":
    Path(sys.argv[1]).mkdir(parents=True, exist_ok=True)
    main()
