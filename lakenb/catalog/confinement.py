"""Bounds of the work that runs in a process of its own, from the node's memory and time-out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakenb.errors import Fault

if TYPE_CHECKING:
    from lakenb.graph.options import Settings

# What the function's own process has: Python, boto3, and the parts of an upload (8 MiB each).
RUNTIME_MIB = 160
LEAST_MEMORY_MIB = 256
# Of the time-out; the rest is for storing outputs, sending events, and saying why.
_SHARE_OF_TIMEOUT = 0.9


def confinement(settings: Settings) -> dict[str, float]:
    """Return the bounds as options that travel to a handler."""
    seconds = round(settings.timeout.total_seconds() * _SHARE_OF_TIMEOUT, 1)
    return {"child_memory_mib": settings.memory_mib - RUNTIME_MIB, "child_seconds": seconds}


def confinement_faults(settings: Settings, where: str) -> list[Fault]:
    """Return what is wrong with a memory that leaves none for the document."""
    memory = settings.memory_mib
    if not isinstance(memory, int) or memory >= LEAST_MEMORY_MIB:
        return []
    what = f"memory_mib is {memory}: after the runtime's own {RUNTIME_MIB} too little is left for a document"
    return [Fault(what, where, f"set memory_mib to at least {LEAST_MEMORY_MIB}")]
