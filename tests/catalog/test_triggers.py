from __future__ import annotations

from dataclasses import FrozenInstanceError, dataclass

import pytest
from hypothesis import given

import lakenb as lk
from lakenb.catalog.places import has_token, without_tokens
from tests.strategies import bucket_names

UNRESOLVED = "${Token[Documents.BucketName.42]}"


@dataclass
class Bucket:
    """What matters of a bucket of CDK."""

    bucket_name: str


@given(bucket_names())
def test_a_bucket_is_given_by_its_name_or_by_itself(name: str) -> None:
    step = lk.S3Trigger("inbox", bucket=name, prefix="in/")
    assert step.bucket == name
    assert step == lk.S3Trigger("inbox", bucket=Bucket(name), prefix="in/")
    assert hash(step) == hash(lk.S3Trigger("inbox", bucket=name, prefix="in/"))
    assert step != lk.S3Trigger("inbox", prefix="in/")


@pytest.mark.parametrize(
    "text",
    [UNRESOLVED, f"docs-{UNRESOLVED}", f"{UNRESOLVED}.{UNRESOLVED}-x", "${Token[AWS.AccountId.0]}-docs"],
)
def test_a_token_of_cdk_passes_untouched(text: str) -> None:
    assert lk.S3Trigger("inbox", bucket=Bucket(text)).bucket == text
    assert has_token(text)


def test_a_bucket_that_changes_afterwards_does_not_change_the_step() -> None:
    bucket = Bucket("docs-2026")
    step = lk.S3Trigger("inbox", bucket=bucket)
    bucket.bucket_name = "others"
    assert step.bucket == "docs-2026"
    with pytest.raises(FrozenInstanceError):
        step.bucket = "others"  # type: ignore[misc]  # the mistake itself


def test_the_bucket_stands_in_the_repr() -> None:
    assert repr(lk.S3Trigger("inbox", bucket=Bucket("docs-2026"))) == "S3Trigger('inbox', bucket='docs-2026')"
    assert repr(lk.S3Trigger("inbox")) == "S3Trigger('inbox')"


NAME = "give the name of a general purpose bucket of S3"
LETTERS = "is no bucket's name: small letters, digits, dots and hyphens, a letter or digit at both ends"


@pytest.mark.parametrize(
    ("bucket", "message"),
    [
        ("", "bucket '' has 0 characters; a bucket's name has 3 to 63\n  where: node 'inbox'\n"),
        ("", f"  mend:  {NAME}"),
        ("ab", "has 2 characters"),
        ("a" * 64, "has 64 characters"),
        ("Docs", LETTERS),
        ("my_docs", LETTERS),
        ("docs-", LETTERS),
        (".docs", LETTERS),
        ("docs\n", LETTERS),
        ("dócs", LETTERS),
        ("docs/in", LETTERS),
        ("docs*", LETTERS),
        ("my..docs", "has two dots in a row"),
        ("192.168.5.4", "looks like an IP address"),
        ("xn--docs", "has 'xn--', which S3 reserves"),
        ("sthree-docs", "has 'sthree-', which S3 reserves"),
        ("amzn-s3-demo-docs", "has 'amzn-s3-demo-', which S3 reserves"),
        ("docs-s3alias", "has '-s3alias', which S3 reserves"),
        ("docs--ol-s3", "has '--ol-s3', which S3 reserves"),
        ("docs.mrap", "has '.mrap', which S3 reserves"),
        ("docs--use1-az4--x-s3", "has '--x-s3', which S3 reserves"),
        ("docs--table-s3", "has '--table-s3', which S3 reserves"),
        (
            "arn:aws:s3:::docs",
            "bucket is 'arn:aws:s3:::docs', not a name alone\n  where: node 'inbox'\n  mend:  write 'docs'",
        ),
        ("s3://docs/", "mend:  write 'docs'"),
        ("${AWS::AccountId}-docs", LETTERS),
        (f"Docs-{UNRESOLVED}", LETTERS),
        (f"..{UNRESOLVED}", LETTERS),
        ("${Token[]}", LETTERS),
        (7, "bucket is 7, but it must be a bucket's name, or a bucket that has a bucket_name"),
        (b"docs", "bucket is b'docs', but it must be"),
        (["docs"], "bucket is ('docs',), but it must be"),
        (Bucket(7), "but it must be a bucket's name"),  # type: ignore[arg-type]  # the mistake itself
        (Bucket("Docs"), LETTERS),
    ],
)
def test_a_wrong_bucket_says_how_to_mend_it(bucket: object, message: str) -> None:
    with pytest.raises(lk.OptionError) as caught:
        lk.S3Trigger("inbox", bucket=bucket)  # type: ignore[arg-type]  # the mistakes themselves
    assert message in str(caught.value)


def test_faults_of_all_options_are_told_at_once() -> None:
    with pytest.raises(lk.OptionError) as caught:
        lk.S3Trigger("inbox", bucket="Docs", prefix="/in", suffix="\0", memory_mib=1)
    assert [word for word in ("Docs", "'/in'", "suffix", "memory_mib") if word in str(caught.value)] == [
        "Docs",
        "'/in'",
        "suffix",
        "memory_mib",
    ]


def test_the_mend_of_a_name_with_another_around_it_is_a_name() -> None:
    for text in ("s3://docs", "s3://docs/", "arn:aws-cn:s3:::docs", "arn:aws:s3:::docs/"):
        with pytest.raises(lk.OptionError, match="write 'docs'"):
            lk.S3Trigger("inbox", bucket=text)


def test_tokens_are_replaced_whole() -> None:
    assert without_tokens(f"a-{UNRESOLVED}-b", r"\1") == r"a-\1-b"
    assert not has_token("${AWS::Region}")
