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
        "Access logs of a bucket go into another bucket, with the keys of documents in plain text and readable "
        "by whoever reads that one. Who reads and writes is the owner's to log, by CloudTrail data events.",
    ),
    Accepted(
        r"AwsSolutions-L1",
        r"Function",
        "The runtime is the kernel's own Python, so that one zip runs in the notebook and on Lambda (ADR 0012).",
    ),
    Accepted(
        r"AwsSolutions-IAM5\[Resource::.*(Store|Cache|Index)\.Arn>/.*\*\]",
        r"Role",
        "Objects of one bucket under one prefix: keys are not known before the documents arrive. That it is "
        "exactly what the node needs is proved (P1, P2, P3).",
    ),
    Accepted(
        r"AwsSolutions-IAM5\[Resource::arn:.*:s3:::given-archive/in/\*\]",
        r"Role",
        "Objects of a given bucket under the prefix that was named; proved (P1).",
    ),
)
