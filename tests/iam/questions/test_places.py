from __future__ import annotations

import pytest

from lakenb.errors import PolicyError
from lakenb.iam.questions.classes import access_class, classes
from lakenb.iam.questions.places import described, resource_text
from lakenb.iam.questions.suits import suits
from tests.iam.questions.worlds import ACCOUNT, INBOX, QUEUE, STORE, world

PLACES = world({"Reader": []})


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ("*", "*"),
        ("${Inbox}", INBOX),
        ("${Inbox.Arn}/in/*", f"{INBOX}/in/*"),
        ("Inbox/in/x", f"{INBOX}/in/x"),
        ("arn:aws:s3:::${Inbox}/x", f"{INBOX}/x"),
        ("arn:aws:sqs:${AWS::Region}:${AWS::AccountId}:${Queue}", QUEUE),
        ("arn:aws:s3:::given/x", "arn:aws:s3:::given/x"),
        ("Reader", f"arn:aws:iam::{ACCOUNT}:role/Reader"),
    ],
)
def test_words_of_the_template_become_texts_of_the_world(words: str, text: str) -> None:
    assert resource_text(PLACES, words) == text


@pytest.mark.parametrize("words", ["", "Inbx", "${Inbx}/x", "arn:aws:s3:::${Inbx}/x"])
def test_a_name_that_the_template_has_not_is_refused(words: str) -> None:
    with pytest.raises(PolicyError) as caught:
        resource_text(PLACES, words)
    assert caught.value.fault.what.startswith("the template has no resource")


@pytest.mark.parametrize(
    ("glob", "words"),
    [
        ("*", "everything"),
        (QUEUE, "${Queue}"),
        (f"{STORE}/*", "every object of ${Store}"),
        (f"{STORE}/in/*", "every object under ${Store}/in/"),
        (f"{STORE}/in/x", "${Store}/in/x"),
        ("arn:aws:s3:::given/*", "every object of given"),
        (f"{STORE}/*/x", "${Store}/*/x"),
    ],
)
def test_texts_are_described_in_plain_words(glob: str, words: str) -> None:
    assert described(PLACES, glob) == words


@pytest.mark.parametrize(
    ("action", "name"),
    [
        ("s3:GetObject", "read"),
        ("s3:getobjectversion", "read"),
        ("s3:GetObjectAcl", "read settings"),
        ("s3:PutObjectAcl", "manage permissions"),
        ("s3:PutObject", "write"),
        ("s3:DeleteBucketPolicy", "manage permissions"),
        ("s3:ListBucket", "list"),
        ("sqs:SendMessage", "send"),
        ("sns:Publish", "publish"),
        ("iam:PassRole", "pass"),
        ("kms:CreateGrant", "manage permissions"),
        ("glue:DeleteTable", "delete"),
        ("glue:SearchTables", "read"),
    ],
)
def test_actions_have_classes(action: str, name: str) -> None:
    assert access_class(action) == name


def test_a_glob_of_actions_has_every_class_that_it_reaches() -> None:
    assert {name for name, _, _ in classes("s3:Put*")} == {"manage permissions", "write", "configure"}
    assert {name for name, _, _ in classes("sqs:*")} >= {"send", "receive", "delete", "manage permissions"}
    assert [name for name, _, _ in classes("glue:Get*")] == ["read settings"]
    assert len(classes("*", ("sqs", "sns"))) < len(classes("*"))


@pytest.mark.parametrize(
    ("action", "resource", "answer"),
    [
        ("s3:ListBucket", STORE, True),
        ("s3:ListBucket", f"{STORE}/*", False),
        ("s3:GetObject", "arn:aws:s3:::lake-*", True),
        ("sts:AssumeRole", f"arn:aws:iam::{ACCOUNT}:role/r", True),
        ("sqs:SendMessage", STORE, False),
        ("*", STORE, True),
        ("kms:Decrypt", "*", True),
    ],
)
def test_actions_suit_resources_of_their_sort(action: str, resource: str, *, answer: bool) -> None:
    assert suits(action, resource) is answer
