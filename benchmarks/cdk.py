"""How long `synth()` of ten nodes takes: warm, first in a process, the very first with CDK's unpacking."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from harness import Result, measure, timed
from template_time import chain

from lakenb.backends.cdk.installation import refuse_uninstalled
from lakenb.backends.cdk.synth import synth
from lakenb.backends.cdk.worker import WORKER
from lakenb.errors import SynthError

_NODES = 10
# A process of its own prints how long the first synth took in it, lakenb's own import apart.
_FIRST = """
import sys, time
sys.path.insert(0, sys.argv[1])
from template_time import chain
pipe = chain(int(sys.argv[2]))
began = time.perf_counter()
from lakenb.backends.cdk.synth import synth
synth(pipe, sys.argv[3])
print(time.perf_counter() - began)
"""


def _first(folder: str, **environment: str) -> float:
    ran = subprocess.run(
        [sys.executable, "-c", _FIRST, str(Path(__file__).parent), str(_NODES), folder],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1]), **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return float(ran.stdout)


def _very_first(folder: str) -> float:
    """Measure with an empty cache of jsii's, which lies in the user's cache folder."""
    with tempfile.TemporaryDirectory() as home:
        # packages' zips stay where they are: only CDK is unpacked anew
        kept = os.environ.get("LAKENB_HOME") or str(Path.home() / ".cache" / "lakenb")
        return _first(folder, HOME=home, XDG_CACHE_HOME=str(Path(home, "cache")), LAKENB_HOME=kept)


def cdk() -> list[Result]:
    """Measure a cloud assembly of ten nodes."""
    try:
        refuse_uninstalled()
    except SynthError as error:
        print(f"cdk is left out: {error.fault.what}; {error.fault.mend}", file=sys.stderr)
        return []
    with tempfile.TemporaryDirectory() as folder:
        out = str(Path(folder, "cdk.out"))
        warm = measure(
            f"synth() of {_NODES} nodes, warm",
            timed(lambda: synth(chain(_NODES), out)),
            rounds=20,
            warm_up=3,
            bound_seconds=0.4,
            peer=("template() of the same", timed(chain(_NODES).template)),
        )
        WORKER.stop()
        first = measure(
            f"synth() of {_NODES} nodes, first in a process",
            lambda: _first(out),
            rounds=5,
            bound_seconds=3.0,
            note="the worker's start and CDK's import included",
        )
        very_first = measure(
            "the very first synth() on a machine",
            lambda: _very_first(out),
            rounds=3,
            warm_up=0,
            note="CDK's 8,000 files are unpacked, once for a user",
        )
    return [warm, first, very_first]
