"""The pipeline's verbs."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

import lakenb as lk
from lakenb.errors import PipelineError
from tests.examples import chain, letters
from tests.wheels import only_these, wheel

if TYPE_CHECKING:
    from pathlib import Path


def test_grants_say_who_may_do_what_on_which_edge_and_why() -> None:
    grants = letters().grants
    reads = grants.df.query("edge == 'paragraphs -> sentences' and principal == 'sentences'")
    assert reads[["principal", "action", "resource"]].to_numpy().tolist() == [
        ["sentences", "s3:GetObject", "paragraphs/*"]
    ]
    assert reads["why"].tolist() == ["'sentences' reads what its direct producer 'paragraphs' provides"]
    assert not grants.df["resource"].eq("*").any()


def test_encryption_table_names_every_service_that_holds_documents() -> None:
    text = letters().encryption.text(most=None)
    assert all(service in text for service in ("S3", "SQS", "SNS"))


def test_template_is_the_same_to_the_byte_however_often_it_is_made() -> None:
    assert chain(3).template_json() == chain(3).template_json()
    assert "\n" not in chain(3).template_json()


@pytest.mark.parametrize(
    ("options", "mend"),
    [
        ({"key": "mine"}, "alias/NAME"),
        ({"key": ""}, "lk.Key()"),
        ({"key": "arn:aws:s3:::mine"}, "alias/NAME"),
        ({"key": lk.Key(data_key_reuse=timedelta(seconds=5))}, "minutes=5"),
        ({"key": lk.Key(), "key_per": "bucket"}, "'store'"),
        ({"key_per": "node"}, "key=lk.Key()"),
        ({"key": "alias/mine", "key_per": "store"}, "let the stack make the keys"),
        ({"vpc": "vpc-1"}, "lk.Vpc"),
    ],
)
def test_a_key_or_a_vpc_that_is_none_is_refused_with_its_mend(options: dict[str, Any], mend: str) -> None:
    inbox = lk.S3Trigger("inbox").pipe(lk.S3Storage("results"))
    with pytest.raises(PipelineError) as refused:
        lk.Pipeline("refused", inbox, **options)
    assert mend in str(refused.value)


def test_run_returns_what_became_of_the_documents_and_keeps_those_that_it_is_told_to(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "letter.txt").write_text("Dear reader.")
    run = chain(1).run([tmp_path / "letter.txt"], save=tmp_path / "saved", progress=False)
    assert run.is_complete
    assert run.pipeline == "chain"
    assert [path.read_text() for path in (tmp_path / "saved").rglob("*.txt")] == ["Dear reader."]
    assert capfd.readouterr() == ("", "")


def test_names_that_are_public_are_there() -> None:
    assert {name for name in lk.__all__ if not hasattr(lk, name)} == set()


def test_a_wrong_path_is_told_before_anything_starts(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(lk.InputsError, match="leads to no file"):
        letters().run("/no/such/file")
    assert capfd.readouterr().err == ""


def test_package_sizes_tell_what_each_nodes_function_brings() -> None:
    sizes = letters().package_sizes().df
    assert sizes["function"].tolist() == ["inbox", "paragraphs", "results", "sentences"]
    assert set(sizes["package"]) == {"lakenb"}
    assert sizes["unzipped_bytes"].between(10_000, 1_000_000).all()


def test_package_sizes_list_what_a_named_package_brings_along(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheel(tmp_path / "wheels", "alpha", requires=("gamma>=1",))
    wheel(tmp_path / "wheels", "gamma", "1.5")
    only_these(tmp_path / "wheels", tmp_path / "home", monkeypatch)

    @lk.middleware(input="text/plain", output=None, packages=["alpha==1.0"])
    def tag(doc: Any, ctx: Any) -> None: ...

    pipe = lk.Pipeline("tagged", lk.S3Trigger("inbox").pipe(tag()).pipe(lk.S3Storage("results")))
    sizes = pipe.package_sizes().df
    brought = sizes[(sizes["function"] == "tag") & (sizes["package"] != "lakenb")]
    assert brought[["package", "version", "named"]].to_numpy().tolist() == [
        ["alpha", "1.0", True],
        ["gamma", "1.5", False],
    ]
