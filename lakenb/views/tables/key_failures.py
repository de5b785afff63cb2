"""What fails without the key: for each use, who notices, and where AWS says so. Constant data."""

from __future__ import annotations

from dataclasses import dataclass

from lakenb.security.deputies import EVENTS, S3, SNS
from lakenb.security.key_uses import DECRYPT, KEY_USES, MAKE


@dataclass(frozen=True, slots=True)
class Failure:
    """What happens where somebody may not use a key.

    Parameters
    ----------
    text
        A sentence; it begins with ``silent`` where nobody is told.
    page
        The AWS page.
    """

    text: str
    page: str


BRINGS = {
    SNS: Failure(
        "silent: SNS tries again for a while, then gives the event up; a dead-letter queue under the same "
        "key takes it no more than the queue does",
        "Amazon SQS Developer Guide, Key management, Configure KMS permissions for AWS services; Amazon SNS "
        "Developer Guide, Amazon SNS dead-letter queues",
    ),
    S3: Failure(
        "when the bucket is made S3 refuses its notification; taken away later, it is silent: uploads are "
        "announced to nobody",
        "Amazon S3 User Guide, Granting permissions to publish event notification messages to a destination, "
        "AWS KMS key policy",
    ),
    EVENTS: Failure(
        "silent: the rule's FailedInvocations is all that counts it",
        "Amazon SQS Developer Guide, Key management, Configure KMS permissions for AWS services; Amazon "
        "EventBridge User Guide, Troubleshooting Amazon EventBridge",
    ),
}
LOGGED = Failure(
    "the log group is refused when it is made; taken away later, it is silent: the function works and its "
    "log lines are lost",
    "Amazon CloudWatch Logs User Guide, Encrypt log data in CloudWatch Logs using AWS KMS",
)
MOVED = Failure(
    "nothing can fail: SQS moves a message as it is, still encrypted as in the queue; queue and dead-letter "
    "queue are under one key, so whoever opens the one opens the other",
    "Amazon SQS Developer Guide, Encryption at rest in Amazon SQS; Key management, Configure AWS KMS "
    "permissions for consumers",
)
VARIABLES = Failure(
    "loud: the function does not start; Lambda asks by a grant that it makes with the deployer's permission",
    "AWS Lambda Developer Guide, Securing Lambda environment variables",
)
FILES = Failure(
    "loud: the file system cannot be mounted; EFS asks by a grant, made with the deployer's permission",
    "Amazon EFS User Guide, Encrypting data at rest",
)
_OF_USES = {
    "ReadUnderKey": "loud: the document is refused to the function and laid aside",
    "PutUnderKey": "loud: the document is not stored, and the event is tried again, then laid aside",
    "ReceiveUnderKey": "silent: Lambda polls in vain, and messages wait until they expire",
    "SendUnderKey": "what cannot be laid aside is tried again until it is redriven",
    "PublishUnderKey": "loud: the event is tried again, then redriven; what is stored is announced to nobody",
    "UseTableUnderKey": "loud: the table answers with an error",
    "ScheduleUnderKey": "loud: the schedule is not made",
    "DescribeForSchedules": "loud: the schedule is not made",
    "OpenScheduleUnderKey": "silent: the schedule fires and sends nothing",
    "RunUnderKey": "executions do not start, and nobody waits for them",
}
ACTIONS_OF_SERVICES = (DECRYPT, MAKE)


def of_use(sid: str, page: str) -> Failure:
    """Return what happens where a role may not use the key in this way."""
    return Failure(_OF_USES[sid], page)


# INVARIANT: every use of the table has its sentence
assert {use.sid for use in KEY_USES} <= _OF_USES.keys()  # noqa: S101 - of constant data, when it is imported
