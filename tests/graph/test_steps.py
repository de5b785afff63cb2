from __future__ import annotations

import pickle
from datetime import timedelta

import pytest

import lakenb as lk


def test_a_step_without_id_takes_its_kind() -> None:
    assert lk.RecursiveCharacterTextSplitter().id == "recursive-character-text-splitter"


def test_a_step_prints_as_the_call_that_makes_it() -> None:
    step = lk.RecursiveCharacterTextSplitter("chunks", chunk_size=500)
    assert repr(step) == "RecursiveCharacterTextSplitter('chunks', chunk_size=500)"
    assert repr(lk.S3Storage()) == "S3Storage()"


def test_steps_are_values() -> None:
    assert lk.S3Trigger("inbox", prefix="a/") == lk.S3Trigger("inbox", prefix="a/")
    assert lk.S3Trigger("inbox", prefix="a/") != lk.S3Trigger("inbox", prefix="b/")
    assert len({lk.S3Storage("x"), lk.S3Storage("x")}) == 1


def test_separators_may_be_written_as_a_list() -> None:
    step = lk.RecursiveCharacterTextSplitter(separators=["\n", ""])  # type: ignore[arg-type]  # as people write it
    assert step == lk.RecursiveCharacterTextSplitter(separators=("\n", ""))


def test_an_unknown_option_names_the_near_one() -> None:
    with pytest.raises(lk.OptionError) as caught:
        lk.RecursiveCharacterTextSplitter(chunksize=5)  # type: ignore[call-arg]  # the mistake itself
    assert "there is no option 'chunksize'" in str(caught.value)
    assert "did you mean chunk_size" in str(caught.value)


def test_all_wrong_options_are_told_at_once_with_their_mends() -> None:
    with pytest.raises(lk.OptionError) as caught:
        lk.RecursiveCharacterTextSplitter(
            "Chunks!",
            chunk_size=100,
            chunk_overlap=100,
            memory_mib=64,
            batch_size=20,
            timeout=timedelta(minutes=5),
            visibility_timeout=timedelta(minutes=1),
            colour="red",  # type: ignore[call-arg]  # the mistake itself
        )
    text = str(caught.value)
    assert len(caught.value.faults) == 6
    assert text.startswith("6 faults\n1. there is no option 'colour'")
    for part in (
        "'Chunks!' cannot be an id",
        "for example 'chunks'",
        "memory_mib is 64; AWS takes 128 to 10240 MiB",
        "visibility_timeout 0:01:00 is shorter than the function's time-out 0:05:00",
        "batch_size is 20: above 10 AWS demands a batching window",
        "set batching_window=timedelta(seconds=1), or batch_size to 10 or less",
        "chunk_overlap 100 is not less than chunk_size 100",
    ):
        assert part in text


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"max_concurrency": 1}, "max_concurrency is 1; AWS takes 2 to 1000"),
        ({"max_concurrency": 1001}, "max_concurrency is 1001"),
        ({"max_retries": 0}, "max_retries is 0; AWS takes 1 to 1000"),
        ({"max_retries": True}, "max_retries is True, but it must be a whole number"),
        ({"timeout": timedelta(minutes=16)}, "timeout is 0:16:00; AWS takes 0:00:01 to 0:15:00"),
        ({"timeout": 30}, "write timeout=timedelta(seconds=...)"),
        ({"timeout": timedelta(milliseconds=1500)}, "AWS counts whole seconds"),
        ({"batching_window": timedelta(minutes=6)}, "batching_window is 0:06:00"),
        ({"log_retention": timedelta(days=8)}, "the nearest that it offers is timedelta(days=7)"),
        ({"log_retention": timedelta(days=10_000)}, "log_retention is 10000 days"),
        ({"compute": "gpu"}, "compute is 'gpu'; this middleware runs on cpu"),
        ({"memory_mib": 10_241}, "memory_mib is 10241"),
    ],
)
def test_a_common_option_that_aws_would_refuse_is_refused(options: dict[str, object], told: str) -> None:
    with pytest.raises(lk.OptionError) as caught:
        lk.S3Storage("results", **options)  # type: ignore[arg-type]  # the mistakes themselves
    assert told in str(caught.value)
    assert "node 'results'" in str(caught.value)


def test_the_visibility_timeout_is_six_times_the_timeout_and_the_window() -> None:
    step = lk.S3Storage(timeout=timedelta(seconds=20), batching_window=timedelta(seconds=5))
    assert step.settings().visibility_timeout == timedelta(seconds=125)


@pytest.mark.parametrize("prefix", ["/in/", "a\nb", "x" * 1025, "\ud800"])
def test_a_prefix_that_cannot_be_a_key_is_refused(prefix: str) -> None:
    with pytest.raises(lk.OptionError, match="prefix"):
        lk.S3Trigger("inbox", prefix=prefix)


def test_pipe_leaves_what_it_was_called_on_alone() -> None:
    inbox = lk.S3Trigger("inbox")
    chunks = inbox.pipe(lk.RecursiveCharacterTextSplitter("chunks"))
    before = chunks.in_edges
    chunks.pipe(lk.S3Storage("results"))
    assert chunks.in_edges is before
    assert inbox == lk.S3Trigger("inbox")


def test_an_edge_between_foreign_types_names_both_ends_and_a_mend() -> None:
    from tests.examples import PngOnly  # noqa: PLC0415  a middleware of the tests' own

    text = lk.S3Trigger("inbox").pipe(lk.RecursiveCharacterTextSplitter("chunks"))
    with pytest.raises(lk.IncompatibleEdgeError) as caught:
        text.pipe(PngOnly("resize"))
    assert str(caught.value).splitlines() == [
        "'chunks' sends text/plain, but 'resize' accepts image/png",
        "  where: edge chunks -> resize",
        "  mend:  pipe 'chunks' into a middleware that accepts text/plain, or put a converter between",
    ]


def test_piping_into_a_class_says_what_pipe_takes() -> None:
    with pytest.raises(TypeError, match="pipe takes a middleware such as S3Storage"):
        lk.S3Trigger("inbox").pipe(lk.S3Storage)  # type: ignore[arg-type]  # the mistake itself


def test_errors_survive_pickling() -> None:
    with pytest.raises(lk.OptionError) as caught:
        lk.S3Storage("results", memory_mib=1)
    again = pickle.loads(pickle.dumps(caught.value))  # noqa: S301  our own bytes
    assert str(again) == str(caught.value)
    assert again.faults == caught.value.faults


@pytest.mark.parametrize(
    ("name", "meant"), [("cache", "the pipeline's cache"), ("deployer", "whoever deploys it")]
)
def test_a_name_that_tables_use_for_something_else_is_no_id(name: str, meant: str) -> None:
    with pytest.raises(lk.OptionError) as caught:
        lk.S3Storage(name)
    assert f"'{name}' cannot be a node's id: it stands for {meant}" in str(caught.value)
    assert f"for example '{name}-1'" in str(caught.value)
    assert lk.S3Storage(f"{name}-1").id == f"{name}-1"
