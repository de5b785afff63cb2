"""A pipeline's promises proved, and questions to it in its own words."""

from __future__ import annotations

import subprocess
import sys
from copy import deepcopy
from typing import Any

import pytest

from lakenb.errors import PolicyError
from lakenb.iam.checker import check
from lakenb.iam.stacks.source import source
from tests.examples import letters

DEBUGGING = {"Sid": "Debugging", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}


def statements(template: dict[str, Any], role: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = template["Resources"][role]["Properties"]["Policies"][0]["PolicyDocument"][
        "Statement"
    ]
    return found


def test_a_pipeline_proves_its_promises() -> None:
    proof = letters().verify()

    assert proof.is_proved
    assert [one.claim for one in proof.claims] == [f"P{number}" for number in range(1, 11)]
    assert proof.findings == ()
    assert proof.assumptions


def test_a_template_edited_by_hand_is_verified_against_the_pipeline() -> None:
    pipe = letters()
    template = pipe.template()
    statements(template, "SentencesRole").append(DEBUGGING)

    proof = pipe.verify(template)

    assert not proof.is_proved
    assert "P1" in proof.failed
    [found] = [one for one in proof.findings if one.claim == "P1"]
    assert found.witness is not None
    assert found.witness.action == "s3:GetObject"
    assert "'sentences' may read everything, for example" in found.sentence
    assert "Debugging" in found.remedy
    assert pipe.verify().is_proved  # what was proved of another template is not taken for this one


def test_certificates_are_checked_by_a_program_of_its_own() -> None:
    pipe = letters()
    template = source(pipe.template())
    certificates = pipe.verify(certificates=True).certificates()

    assert len(certificates) > 100
    for certificate in certificates[::7]:
        assert check(certificate, template) == ()
    forged = deepcopy(certificates[0])
    forged["template"] = "0" * 64
    assert check(forged, template) != ()


def test_a_request_is_decided_in_the_pipelines_words() -> None:
    pipe = letters()

    refused = pipe.can("sentences", "s3:GetObject", "inbox/letters/x")
    assert not refused
    assert "no identity-based policy allows the s3:GetObject action" in str(refused)
    assert pipe.can("paragraphs", "s3:GetObject", "inbox/letters/x")
    assert not pipe.can("paragraphs", "s3:GetObject", "inbox/elsewhere/x")
    assert not pipe.can("paragraphs", "s3:GetObject", "inbox/letters/x", **{"aws:SecureTransport": "false"})
    assert not pipe.can("anonymous", "s3:GetObject", "cache/x")


def test_a_misspelt_name_is_told_with_the_nearest() -> None:
    with pytest.raises(PolicyError, match="no node 'sentence'") as node:
        letters().can("sentence", "s3:GetObject", "inbox/letters/x")
    assert "did you mean sentences?" in str(node.value)
    with pytest.raises(PolicyError, match="no resource 'inbx'") as resource:
        letters().who_can("s3:GetObject", "inbx/letters/x")
    assert "did you mean inbox?" in str(resource.value)


def test_who_can_names_nodes_and_services() -> None:
    pipe = letters()

    readers = pipe.who_can("s3:GetObject", "inbox/letters/x")
    assert [row[0] for row in readers] == ["inbox", "paragraphs"]
    [sender] = pipe.who_can("sqs:SendMessage", "sentences.queue")
    assert sender[0] == "sns.amazonaws.com"
    assert sender[3] == "conditional"
    assert "aws:SourceArn" in sender[4]
    assert len(pipe.who_can("s3:DeleteObject", "inbox/letters/x")) == 0


def test_the_matrix_has_every_role_and_nobody_who_may_nothing() -> None:
    matrix = letters().matrix

    assert {row[0] for row in matrix} == {
        "inbox", "paragraphs", "sentences", "results",
        "lambda.amazonaws.com", "s3.amazonaws.com", "sns.amazonaws.com",
    }  # fmt: skip
    reads = {(row[0], row[1]) for row in matrix.where(access="read")}
    assert ("sentences", "the bucket of 'paragraphs'") in reads
    assert ("sentences", "the bucket of 'inbox'") not in reads


def test_a_difference_is_a_sentence_and_equal_pipelines_have_none() -> None:
    pipe = letters()
    template = pipe.template()
    statements(template, "SentencesRole").append(DEBUGGING)

    assert not pipe.diff(letters())
    assert str(pipe.diff(letters())) == "nobody can do more or less than before"
    sentence = str(pipe.diff(template))
    assert sentence.startswith("Role SentencesRole can now s3:GetObject everything")


def test_what_proves_is_imported_only_when_something_is_proved() -> None:
    code = "import sys, lakenb; print([name for name in sys.modules if name.startswith('lakenb.review')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
