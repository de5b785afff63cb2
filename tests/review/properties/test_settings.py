from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

import lakenb as lk
from lakenb.iam.proof.values import Verdict
from tests.examples import letters
from tests.review.properties.examined import changed, examined, faults, without

PIPE = letters()
PLAIN = PIPE.template()
VARIABLES = ("Environment", "Variables")


@pytest.mark.parametrize(
    ("resource", "steps", "value"),
    [
        ("ParagraphsFunction", ("Timeout",), 1),
        ("ParagraphsFunction", ("MemorySize",), 128),
        ("ParagraphsFunction", (*VARIABLES, "LAKENB_OPTIONS"), "{}"),
        ("ParagraphsFunction", (*VARIABLES, "LAKENB_OPTIONS"), "no JSON"),
        ("ParagraphsFunction", (*VARIABLES, "LAKENB_MAX_RECEIVES"), "50"),
        ("ParagraphsQueue", ("RedrivePolicy", "maxReceiveCount"), 1),
        ("ParagraphsMapping", ("BatchSize",), 1),
        ("ParagraphsMapping", ("MaximumBatchingWindowInSeconds",), 300),
        ("ParagraphsMapping", ("ScalingConfig",), {"MaximumConcurrency": 2}),
    ],
)
def test_p10_wants_a_node_to_run_as_the_pipeline_asks(
    resource: str, steps: tuple[str, ...], value: object
) -> None:
    template = changed(PLAIN, resource, "Properties", *steps, to=value)
    (found,) = (one for one in examined(template, PIPE) if one.verdict is Verdict.FAILED)
    assert (found.claim, found.subject, found.logical_id) == ("P10", "paragraphs", resource)
    # nobody chose anything where there is no graph
    assert faults(template) == []


@pytest.mark.parametrize(
    ("resource", "steps"),
    [
        ("ParagraphsFunction", ("MemorySize",)),
        ("ParagraphsFunction", (*VARIABLES, "LAKENB_OPTIONS")),
        ("ParagraphsFunction", (*VARIABLES, "LAKENB_MAX_RECEIVES")),
        ("ParagraphsMapping", ("BatchSize",)),
    ],
)
def test_p10_misses_a_setting_that_is_dropped(resource: str, steps: tuple[str, ...]) -> None:
    assert [claim for claim, *_ in faults(without(PLAIN, resource, "Properties", *steps), PIPE)] == ["P10"]


def test_p10_takes_aws_defaults_for_what_they_are() -> None:
    assert faults(without(PLAIN, "InboxMapping", "Properties", "BatchSize"), PIPE) == []
    assert faults(without(PLAIN, "InboxMapping", "Properties", "MaximumBatchingWindowInSeconds"), PIPE) == []
    assert faults(without(PLAIN, "InboxFunction", "Properties", *VARIABLES, "LAKENB_OPTIONS"), PIPE) == []


def test_p10_reads_options_as_values_not_as_text() -> None:
    written = PLAIN["Resources"]["ParagraphsFunction"]["Properties"]["Environment"]["Variables"][
        "LAKENB_OPTIONS"
    ]
    wide = json.dumps(dict(reversed(json.loads(written).items())), indent=2)
    template = changed(PLAIN, "ParagraphsFunction", "Properties", *VARIABLES, "LAKENB_OPTIONS", to=wide)
    assert faults(template, PIPE) == []


def test_p10_follows_the_users_own_choices() -> None:
    chosen: dict[str, Any] = {
        "timeout": timedelta(seconds=20),
        "memory_mib": 512,
        "max_retries": 3,
        "batch_size": 4,
        "batching_window": timedelta(seconds=9),
        "max_concurrency": 7,
        "log_retention": timedelta(days=30),
    }
    pipe = lk.Pipeline("chosen", lk.S3Trigger("inbox").pipe(lk.S3Storage("results", **chosen)))
    template = pipe.template()
    assert faults(template, pipe) == []
    assert {
        name
        for _, name, _ in faults(
            template, lk.Pipeline("chosen", lk.S3Trigger("inbox").pipe(lk.S3Storage("results")))
        )
    }
    unlimited = without(template, "ResultsMapping", "Properties", "ScalingConfig")
    assert [name for _, name, _ in faults(unlimited, pipe)] == ["ResultsMapping"]
