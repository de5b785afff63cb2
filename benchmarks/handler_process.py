"""A function's process for the benchmarks: reads batches from its input, and says what they took.

Its path is the unpacked zip, and behind it the folder with boto3, which Lambda brings. The environment is
that of a function.
"""

from __future__ import annotations

import json
import re
import resource
import sys
import time
from pathlib import Path


class _Context:
    """What Lambda tells a function about one invocation."""

    def get_remaining_time_in_millis(self) -> int:
        """Return a time that is never short."""
        return 600_000


def _peak_mib() -> tuple[int, int]:
    """Return the most memory that was resident: of this process, and of the largest it started.

    The second is an upper bound: Linux counts what a child shares with its parent until its program starts.
    """
    own = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text(encoding="ascii"))
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss  # in KB on Linux
    return (int(own[1]) if own else 0) // 1024, children // 1024


def main() -> None:
    """Run each round's batches: the first one starts everything and is not told apart by its caller."""
    work = json.loads(sys.stdin.read())
    sys.path[:0] = [work["folder"]]
    sys.path.append(work["site"])
    from lakenb.runtime.function import handle  # noqa: PLC0415 - from the folder that was just told

    seconds = []
    for batches in work["rounds"]:
        started = time.perf_counter()
        for batch in batches:
            if failures := handle({"Records": batch}, _Context())["batchItemFailures"]:
                raise RuntimeError(f"{len(failures)} documents must come again: the time means nothing")
        seconds.append(time.perf_counter() - started)
    print(json.dumps({"benchmark": {"seconds": seconds, "peak_mib": _peak_mib()}}))


if __name__ == "__main__":
    main()
