"""The worker from the kernel's side: whichever process runs CDK at the moment, replaced when it must be.

Started at the first synth and kept warm. An interrupt of the kernel does not reach it: it finishes, its
late answer is dropped. When it dies it is started anew, and what it was at is asked once more.
"""

from __future__ import annotations

import os
import shutil
import threading
from typing import TYPE_CHECKING, Final, TypeVar

from lakenb.backends.cdk.installation import refuse_uninstalled
from lakenb.backends.cdk.process import ANSWER_SECONDS, SYNTHS_OF_A_WORKER, WorkerEndedError, WorkerProcess
from lakenb.errors import SynthError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from lakenb.backends.cdk.process import Answer

T = TypeVar("T")

_WHERE: Final = "the worker that runs CDK"


class Worker:
    """The worker, whichever process it is at the moment; threads take turns."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._owner = os.getpid()
        self._process: WorkerProcess | None = None
        self._inherited: list[WorkerProcess | None] = []

    @property
    def pid(self) -> int | None:
        """The process id of the worker's process; None while there is none."""
        return None if self._process is None else self._process.pid

    def start(self) -> None:
        """Start it if it is not there, without waiting for it.

        Raises
        ------
        SynthError
            If CDK is not installed, or there is no node to run it on.
        """
        with self._turn():
            self._serving()

    def ask(self, write: Callable[[Path], None], read: Callable[[Answer, Path], T]) -> T:
        """Have one request answered, and return what is read from the answer.

        Parameters
        ----------
        write
            Called with an empty folder, in which it writes the request.
        read
            Called with the answer and the folder, whose content it may take away.

        Raises
        ------
        SynthError
            If the worker dies twice over it, or does not answer.
        """
        with self._turn():
            try:
                return self._ask(write, read)
            except (WorkerEndedError, TimeoutError) as error:
                words = self._ended()
                if isinstance(error, TimeoutError):
                    what = f"CDK did not answer within {ANSWER_SECONDS:.0f} seconds"
                    raise SynthError(what, _WHERE, f"look at this machine's load; {words}") from error
            try:
                return self._ask(write, read)
            except (WorkerEndedError, TimeoutError) as error:
                what = "the process that runs CDK died twice over the same pipeline"
                mend = f"free some memory, then synthesize again; {self._ended()}"
                raise SynthError(what, _WHERE, mend) from error

    def stop(self) -> None:
        """End its process; the next request starts another."""
        with self._turn():
            if self._process is not None:
                self._process.end()
                self._process = None

    def _turn(self) -> threading.Lock:
        if self._owner != os.getpid():  # a fork: another thread of the parent may have held the lock
            self._inherited.append(self._process)  # the parent's; without a holder Python would complain
            self._lock, self._owner, self._process = threading.Lock(), os.getpid(), None
        return self._lock

    def _ended(self) -> str:
        """End the process, and return its last words."""
        ended, self._process = self._process, None
        if ended is None:
            return ""
        words = ended.last_words()
        ended.end()
        return f"its last words:\n    {words}"

    def _ask(self, write: Callable[[Path], None], read: Callable[[Answer, Path], T]) -> T:
        process = self._serving()
        folder = process.new_folder()
        write(folder)
        answer = process.ask(folder)  # interrupted here, the worker goes on writing into the folder
        try:
            return read(answer, folder)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
            if process.asked >= SYNTHS_OF_A_WORKER:
                self._serving()  # the next one warms up while nobody waits

    def _serving(self) -> WorkerProcess:
        if self._process is None or not self._process.serves:
            refuse_uninstalled()
            worn, self._process = self._process, None
            if worn is not None:
                worn.end()
            self._process = WorkerProcess()
        return self._process


WORKER: Final = Worker()
