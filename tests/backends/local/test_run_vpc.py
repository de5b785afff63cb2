"""A pipeline in a VPC on the embedded AWS: the very template, placed, and asked by the way it would take."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import pytest

import lakenb as lk
from lakenb.backends.local.deploy import deploy
from lakenb.backends.local.emulator import start_emulator
from lakenb.backends.local.probe import Call
from lakenb.errors import DeploymentError
from tests.review.given_vpcs import described, pipeline

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from lakenb.backends.local.session import LocalSession

PINNED = lk.Vpc(create=True, pin=True)
TEXT = "One sentence. Another sentence. "


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalSession]:
    letter = tmp_path_factory.mktemp("letters") / "letter.txt"
    letter.write_text(TEXT * 5)
    with pipeline(PINNED).local() as running:
        running.run(str(letter))
        yield running


def test_documents_pass_through_pinned_nodes(session: LocalSession) -> None:
    run = session.follow()
    assert len(run.failed) == 0
    assert len(run.disagreements) == 0
    assert any("the embedded AWS has no network" in one for one in run.unenforced)


def test_a_run_outside_of_every_vpc_says_nothing_of_one(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text(TEXT)
    run = pipeline(None).run(str(tmp_path / "letter.txt"), progress=False)
    assert not any("has no network" in one for one in run.unenforced)


def test_functions_are_where_the_template_places_them(session: LocalSession) -> None:
    functions = session.client("lambda")
    found = functions.get_function_configuration(FunctionName=f"{session.stack_name}_sentences")["VpcConfig"]
    stack = session.stack
    assert set(found["SubnetIds"]) == {stack.physical["PipelineSubnetA"], stack.physical["PipelineSubnetB"]}
    assert found["SecurityGroupIds"] == [stack.physical["PipelineFunctionsGroup"]]


def test_a_functions_own_code_is_denied_what_lambda_did_with_its_role(session: LocalSession) -> None:
    (answer,) = session.probe("sentences", [Call("ec2", "describe_subnets")])
    assert not answer.allowed
    assert "with an explicit deny in an identity-based policy" in answer.message


def test_a_pinned_role_reads_from_its_function_and_from_nowhere_else(session: LocalSession) -> None:
    document = {"Bucket": session.bucket("inbox"), "Key": "letters/letter.txt"}
    (through,) = session.probe("sentences", [Call("s3", "get_object", document)])
    assert through.allowed
    # the same role's credentials in another function, which is in no VPC
    functions = session.client("lambda")
    name = f"{session.stack_name}_sentences"
    config = functions.get_function_configuration(FunctionName=name)["VpcConfig"]
    functions.update_function_configuration(
        FunctionName=name, VpcConfig={"SubnetIds": [], "SecurityGroupIds": []}
    )
    (beside,) = session.probe("sentences", [Call("s3", "get_object", document)])
    assert not beside.allowed
    assert "no identity-based policy allows the s3:GetObject action" in beside.message
    places = {part: config[part] for part in ("SubnetIds", "SecurityGroupIds")}
    functions.update_function_configuration(FunctionName=name, VpcConfig=places)


def test_placing_asked_the_role_and_was_allowed(session: LocalSession) -> None:
    asked = [one for one in session.emulator.decisions() if one.source == "gate:placement"]
    assert {one.action for one in asked} >= {"ec2:CreateNetworkInterface", "ec2:DescribeSubnets"}
    assert {one.outcome for one in asked} == {"ALLOWED"}


def test_a_role_that_may_not_attach_its_function_stops_the_stack() -> None:
    pipe = pipeline(lk.Vpc(create=True))
    template: dict[str, Any] = copy.deepcopy(pipe.template())
    policy = template["Resources"]["SentencesRole"]["Properties"]["Policies"][0]["PolicyDocument"]
    policy["Statement"] = [one for one in policy["Statement"] if one["Sid"] != "AttachToNetwork"]
    with (
        start_emulator() as emulator,
        pytest.raises(
            DeploymentError, match="does not have permissions to call CreateNetworkInterface on EC2"
        ),
    ):
        deploy(emulator, "kept", template, [step.code() for step in pipe.nodes.values()])


def test_a_given_vpc_is_taken_at_its_word(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text(TEXT * 5)
    run = pipeline(described(pin=True)).run(str(tmp_path / "letter.txt"), progress=False)
    assert len(run.failed) == 0
    assert len(run.documents) > 0
