"""Run the benchmarks, print a table and write build/bench.json: `make bench [ARGS=import_time]`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from cdk import cdk
from evaluator import evaluator
from handlers import handlers
from harness import Result, table, write
from import_time import import_time
from local_run import emulator_start, local_run
from picture import picture_50, picture_1000
from proof import proof
from template_time import template_100, template_1000

BENCHMARKS = {
    function.__name__: function
    for function in (
        import_time,
        template_100,
        template_1000,
        evaluator,
        proof,
        picture_50,
        picture_1000,
        cdk,
        emulator_start,
        local_run,
        handlers,
    )
}


def main() -> None:
    """Run what was named, all by default."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="name", help=f"of: {', '.join(BENCHMARKS)}")
    names = parser.parse_args().names or list(BENCHMARKS)
    unknown = [name for name in names if name not in BENCHMARKS]
    if unknown:
        parser.error(f"no benchmark {', '.join(unknown)}; there are: {', '.join(BENCHMARKS)}")
    results: list[Result] = []
    for name in names:
        print(f"{name} ...", file=sys.stderr, flush=True)
        found = BENCHMARKS[name]()
        results += found if isinstance(found, list) else [found]
    print(table(results))
    destination = Path(__file__).parents[1] / "build" / "bench.json"
    write(results, destination)
    print("\nevery round: build/bench.json")


if __name__ == "__main__":
    main()
