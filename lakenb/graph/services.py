"""The services of AWS that a node uses beside what every node has, and the places that it was given."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Service(Enum):
    """What a node has beside queue, topic, function and log. All of it is state, never a store (P2)."""

    TABLE = "table"  # a DynamoDB table
    SCHEDULES = "schedules"  # a schedule group in which the node makes schedules while it runs
    SCHEDULE = "schedule"  # one schedule, in the template
    MACHINE = "state machine"  # of Step Functions
    FILES = "file system"  # EFS, reached by an access point
    INDEX = "index"  # a bucket that holds an index


@dataclass(frozen=True, slots=True, order=True)
class GivenPlace:
    """Where documents lie that the pipeline did not put there.

    Parameters
    ----------
    bucket
        The name of a bucket that exists.
    prefix, suffix
        What the keys begin and end with; literal texts. A single document has its whole key as prefix
        and is `is_one`.
    is_one
        Whether the prefix is the key of one document.
    """

    bucket: str
    prefix: str = ""
    suffix: str = ""
    is_one: bool = False
