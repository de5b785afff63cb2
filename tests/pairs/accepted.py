"""What cdk-nag's AwsSolutions finds in lakenb's templates, all of it, each with the reason that it stands.

A finding that is not here fails the tests, and so does a line here that nothing meets any more.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Accepted:
    """A kind of finding that stands.

    Parameters
    ----------
    rule
        A regular expression for the whole name of the finding.
    where
        A regular expression for the end of the logical id that it is about.
    reason
        Why it stands.
    """

    rule: str
    where: str
    reason: str


ACCEPTED = (
    Accepted(
        r"AwsSolutions-S1",
        r"Store|Cache|Index",
        "Access logs of a bucket go into another bucket, with the keys of documents in plain text and "
        "readable by whoever reads that one. Who reads and writes is the owner's to log, by CloudTrail "
        "data events.",
    ),
    Accepted(
        r"AwsSolutions-L1",
        r"Function",
        "The runtime is the kernel's own Python, so that one zip runs in the notebook and on Lambda (ADR "
        "0012).",
    ),
    Accepted(
        r"AwsSolutions-IAM5\[Resource::.*(Store|Cache|Index)\.Arn>/.*\*.*\]",
        r"Role",
        "Objects of one bucket under one prefix: keys are not known before the documents arrive. That it "
        "is exactly what the node needs is proved (P1, P2, P3).",
    ),
    Accepted(
        r"AwsSolutions-IAM5\[Resource::arn:.*:s3:::given-archive/in/\*\]",
        r"Role",
        "Objects of a given bucket under the prefix that was named; proved (P1).",
    ),
    Accepted(
        r"AwsSolutions-IAM5\[Resource::.*:schedule/\$\{Group\}/\*.*\]",
        r"Role",
        "The schedules of the node's own group, which it makes while it runs: their names come from the "
        "documents.",
    ),
    Accepted(
        r"AwsSolutions-IAM5\[Resource::\*\]",
        r"Role",
        "ec2:DescribeNetworkInterfaces and ec2:DescribeSubnets know no resource (Service Authorization "
        "Reference, Amazon EC2); Lambda needs them to place a function in a VPC. The other is the Deny "
        "that keeps the function's own code from all six actions.",
    ),
    Accepted(
        r"AwsSolutions-IAM5\[Resource::.*:network-interface/\*\]",
        r"Role",
        "Lambda makes the network interfaces of a function in a VPC itself, with ids of its own; the "
        "function's own code is denied them.",
    ),
    Accepted(
        r"AwsSolutions-SF1",
        r"StateMachine",
        "Delivering the logs of a state machine takes eight actions of CloudWatch Logs without a "
        "resource, logs:PutResourcePolicy among them: more than the log is worth. Step Functions keeps "
        "the history of each execution for 90 days, under the node's key, and what cannot be published "
        "becomes a dead letter.",
    ),
    Accepted(
        r"AwsSolutions-SF2",
        r"StateMachine",
        "X-Ray's actions know no resource. The machine waits and publishes; the run's account tells the "
        "same by event id.",
    ),
    Accepted(
        r"AwsSolutions-SQS3",
        r"DeadLetters",
        "It is a dead-letter queue itself: that of a trigger on a queue of somebody else, whose redrive "
        "is its owner's, so no queue of the template names it.",
    ),
    Accepted(
        r"AwsSolutions-VPC7",
        r"PipelineVpc",
        "Flow logs of a network without a way out would tell which function spoke to which endpoint, "
        "which CloudTrail tells by name; they cost a role and a log group. The owner of the account may "
        "add them.",
    ),
)
