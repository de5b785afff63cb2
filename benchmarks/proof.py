"""How long a proof takes: cold, again, and after an edit of one node; and how it grows."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from harness import Result, measure, timed
from template_time import chain

from lakenb.iam.questions.matrix import matrix
from lakenb.iam.stacks.source import source
from lakenb.review.verify import Verifier

if TYPE_CHECKING:
    from lakenb.api import Pipeline


class _Proof:
    """Matrix and claims of one pipeline, with what the last time left in memory."""

    def __init__(self, pipe: Pipeline) -> None:
        self.pipe = pipe
        self.verifier = Verifier()

    def of(self, template: dict[str, Any]) -> None:
        read = source(template)
        for world in self.verifier.reader.worlds(read):
            matrix(world)
        if not self.verifier.verify(read, self.pipe).is_proved:
            raise AssertionError("the benchmark's pipeline is not proved")


def _cold(nodes: int) -> Any:
    pipe = chain(nodes)
    template = pipe.template()
    return timed(lambda: _Proof(pipe).of(template))


def _again(pipe: Pipeline) -> Any:
    proof = _Proof(pipe)
    proof.of(pipe.template())

    def sample() -> float:
        template = pipe.template()
        started = time.perf_counter()
        proof.of(template)
        return time.perf_counter() - started

    return sample


def _edited(pipe: Pipeline) -> Any:
    proof = _Proof(pipe)
    proof.of(pipe.template())
    rounds = iter(range(1_000_000))

    def sample() -> float:
        template = pipe.template()
        # a statement of one node's role under another name: all that is about this node is to be done again
        role = template["Resources"]["N50Role"]["Properties"]
        role["Policies"][0]["PolicyDocument"]["Statement"][0]["Sid"] = f"Read{next(rounds)}"
        started = time.perf_counter()
        proof.of(template)
        return time.perf_counter() - started

    return sample


def proof() -> list[Result]:
    """Measure matrix and all claims together, beside `template()` in the same rounds."""
    pipe = chain(100)
    peer = ("template() of 100 nodes", timed(pipe.template))
    return [
        measure("matrix and claims, 100 nodes, cold", _cold(100), rounds=5, bound_seconds=1.0, peer=peer),
        measure("the same template again", _again(pipe), rounds=9, bound_seconds=0.150, peer=peer),
        measure("after an edit of one node", _edited(pipe), rounds=9, bound_seconds=0.030, peer=peer),
        measure(
            "matrix and claims, 1,000 nodes, cold",
            _cold(1000),
            rounds=1,
            warm_up=0,
            peer=("of 100 nodes", _cold(100)),
            bound_ratio=15,
            note="ten times the nodes; 15 is promised; one round, for it takes long",
        ),
    ]
