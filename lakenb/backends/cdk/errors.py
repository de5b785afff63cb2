"""What comes back from the worker when CDK raises."""

from __future__ import annotations


class WorkerTraceError(Exception):
    """What was raised in the worker, as its text: no object of CDK's leaves that process."""
