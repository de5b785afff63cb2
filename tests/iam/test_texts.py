from __future__ import annotations

import pytest

from lakenb.iam.texts import Reference, Text, Unknown, resolve, text


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("plain", "plain"),
        (True, "true"),
        (4, "4"),
        ({"Ref": "Topic"}, "${Topic}"),
        ({"Fn::GetAtt": ["Store", "Arn"]}, "${Store.Arn}"),
        ({"Fn::GetAtt": "Store.Arn"}, "${Store.Arn}"),
        ({"Fn::Sub": "${AWS::StackName}_pdf"}, "${AWS::StackName}_pdf"),
        ({"Fn::Sub": "${Store.Arn}/${!aws:username}"}, "${Store.Arn}/${aws:username}"),
        ({"Fn::Sub": ["${Where}/*", {"Where": {"Ref": "Store"}}]}, "${Store}/*"),
        ({"Fn::Join": ["/", [{"Ref": "A"}, "b", {"Ref": "C"}]]}, "${A}/b/${C}"),
        ({"Fn::Join": ["", []]}, ""),
    ],
)
def test_what_resolves_reads_as_fn_sub_would_write_it(value: object, shown: str) -> None:
    resolved = resolve(value)
    assert resolved.is_known
    assert str(resolved) == shown


def test_one_meaning_has_one_form_whatever_function_wrote_it() -> None:
    joined = resolve({"Fn::Join": ["", [{"Fn::GetAtt": ["Store", "Arn"]}, "/", "in/*"]]})
    assert joined == resolve({"Fn::Sub": "${Store.Arn}/in/*"})
    assert joined == Text((Reference("Store", "Arn"), "/in/*"))


def test_a_reference_is_not_the_text_that_looks_like_it() -> None:
    literal = resolve({"Fn::Sub": "${!Store}"})
    assert str(literal) == str(resolve({"Ref": "Store"}))
    assert literal != resolve({"Ref": "Store"})


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ({"Fn::If": ["Condition", "a", "b"]}, "Fn::If is not resolved"),
        ({"Fn::ImportValue": "x"}, "Fn::ImportValue is not resolved"),
        ({"Ref": "A", "Fn::Sub": "b"}, "a dict where a text belongs"),
        (["a"], "a list where a text belongs"),
        (None, "a NoneType where a text belongs"),
        ({"Fn::Sub": "${open"}, "Fn::Sub has a ${ that is not closed"),
        ({"Fn::Join": ["", ["a", {"Fn::Select": [0, []]}]]}, "Fn::Select is not resolved"),
    ],
)
def test_what_is_not_resolved_is_unknown_and_says_why(value: object, why: str) -> None:
    resolved = resolve(value)
    assert not resolved.is_known
    assert why in str(resolved)
    assert any(isinstance(piece, Unknown) for piece in resolved.pieces)


def test_neighbouring_literals_are_joined_and_empty_ones_dropped() -> None:
    assert text(["a", "", "b", Reference("C"), ""]).pieces == ("ab", Reference("C"))
