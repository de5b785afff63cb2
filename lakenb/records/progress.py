"""How far a run is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Progress:
    """A moment of a run.

    Parameters
    ----------
    stage
        What is being done, in a few words.
    seconds
        Since the run began.
    done, known
        Messages that are finished, and messages that are known so far; both grow.
    working
        Invocations that run.
    dead
        Messages in dead-letter queues.
    """

    stage: str
    seconds: float
    done: int = 0
    known: int = 0
    working: int = 0
    dead: int = 0
