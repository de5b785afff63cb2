"""A template under keys: each resource's property, the keys themselves, and no cycle between them."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from cfnlint import api as cfn_lint

import lakenb as lk
from lakenb.template.build import arns_of
from lakenb.template.keys import owner_statements
from lakenb.template.quotas import KEY_POLICY_BYTES, quota_faults
from tests.examples import chain
from tests.keyed import GIVEN_KEY, KEYED_PIPELINES, letters, on_given_bucket
from tests.pairs.pipelines import STEPS
from tests.pairs.pipelines import pipeline as pair

ARN = {"Fn::GetAtt": ["PipelineKey", "Arn"]}


def properties(template: dict[str, Any], logical_id: str) -> dict[str, Any]:
    found: dict[str, Any] = template["Resources"][logical_id]["Properties"]
    return found


def test_everything_of_a_pipeline_is_under_its_key() -> None:
    template = letters(lk.Key(data_key_reuse=timedelta(minutes=20))).template()
    queue = properties(template, "SentencesQueue")
    assert (queue["KmsMasterKeyId"], queue["KmsDataKeyReusePeriodSeconds"]) == (ARN, 1200)
    assert "SqsManagedSseEnabled" not in queue
    assert properties(template, "SentencesDeadLetters")["KmsMasterKeyId"] == ARN
    topic = properties(template, "SentencesTopic")
    assert topic == {"KmsMasterKeyId": ARN, "TopicName": {"Fn::Sub": "${AWS::StackName}_sentences"}}
    assert properties(template, "SentencesLogs")["KmsKeyId"] == ARN
    assert properties(template, "SentencesFunction")["KmsKeyArn"] == ARN
    default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": ARN}
    rule = {"BucketKeyEnabled": True, "ServerSideEncryptionByDefault": default}
    for bucket in ("SentencesStore", "InboxStore", "PipelineCache"):
        encryption = properties(template, bucket)["BucketEncryption"]
        assert encryption == {"ServerSideEncryptionConfiguration": [rule]}


def test_without_a_key_the_template_is_as_it_was() -> None:
    template = letters(None).template()
    text = json.dumps(template)
    assert "kms" not in text.lower()
    assert "TopicName" not in text
    assert properties(template, "SentencesQueue")["SqsManagedSseEnabled"] is True


def test_a_key_rotates_outlives_the_stack_and_has_an_alias() -> None:
    template = letters(lk.Key()).template()
    key = template["Resources"]["PipelineKey"]
    assert key["Properties"]["EnableKeyRotation"] is True
    assert (key["DeletionPolicy"], key["UpdateReplacePolicy"]) == ("RetainExceptOnCreate", "Retain")
    assert properties(template, "PipelineKeyAlias") == {
        "AliasName": {"Fn::Sub": "alias/lakenb/${AWS::StackName}"},
        "TargetKeyId": {"Ref": "PipelineKey"},
    }


@pytest.mark.parametrize("key_per", ["pipeline", "node", "store"])
def test_every_alias_is_anothers(key_per: Any) -> None:
    resources = letters(lk.Key(), key_per).template()["Resources"]
    names = [
        one["Properties"]["AliasName"]["Fn::Sub"]
        for one in resources.values()
        if one["Type"] == "AWS::KMS::Alias"
    ]
    keys = [one for one in resources.values() if one["Type"] == "AWS::KMS::Key"]
    assert len(names) == len(set(names)) == len(keys)


def test_sources_stand_in_a_keys_policy_by_exact_names() -> None:
    policy = properties(on_given_bucket(lk.Key()).template(), "PipelineKey")["KeyPolicy"]["Statement"]
    by_sid = {one["Sid"]: one for one in policy}
    here = "arn:${AWS::Partition}:{}:${AWS::Region}:${AWS::AccountId}:"
    rule = here.replace("{}", "events") + "rule/${AWS::StackName}_inbox"
    assert by_sid["EventBridgeDelivers"]["Condition"]["ArnEquals"]["aws:SourceArn"] == {"Fn::Sub": rule}
    assert "*" not in json.dumps([one.get("Condition") for one in policy])
    assert all(one["Resource"] == "*" for one in policy)  # in a key's own policy: that key


@pytest.mark.parametrize("name", KEYED_PIPELINES)
def test_no_template_under_a_key_has_an_error_or_a_cycle(name: str) -> None:
    found = cfn_lint.lint_all(json.dumps(KEYED_PIPELINES[name]().template()))
    assert [str(one) for one in found if one.rule.id.startswith("E")] == []


@pytest.mark.parametrize("name", STEPS)
def test_no_middleware_makes_a_cycle_under_one_key(name: str) -> None:
    found = cfn_lint.lint_all(json.dumps(pair(name, "one key").template()))
    assert [str(one) for one in found if one.rule.id.startswith("E")] == []


def test_a_hundred_nodes_fit_under_one_key() -> None:
    template = chain(98).under(lk.Key()).template()
    policy = json.dumps(properties(template, "PipelineKey")["KeyPolicy"])
    assert policy.count("log-group:") == 100
    assert len(policy) < KEY_POLICY_BYTES
    named = [
        fault for fault in quota_faults(template, "a-stack-with-a-rather-long-name") if "key's" in fault.what
    ]
    assert named == []


def test_more_than_a_keys_policy_holds_is_refused_by_name() -> None:
    faults = quota_faults(chain(198).under(lk.Key()).template(), "s" * 100)
    (fault,) = (one for one in faults if "the key's policy" in one.what)
    assert "AWS takes 32,768" in fault.what
    assert fault.mend == "let each node have a key: key_per='node'"


def test_what_owners_of_given_keys_add_is_json() -> None:
    for given in (GIVEN_KEY, "alias/contracts"):
        graph = letters(given)
        found = owner_statements(graph, arns_of(graph))
        assert list(found) == [given]
        assert json.loads(json.dumps(found)) == found
        text = json.dumps(found[given])
        assert "arn:${AWS::Partition}:sns:${AWS::Region}:${AWS::AccountId}:${AWS::StackName}_inbox" in text
        assert "Fn::" not in text
        assert "Ref" not in text
    assert owner_statements(letters(lk.Key()), arns_of(letters(lk.Key()))) == {}


def test_a_given_alias_is_named_by_its_arn_in_properties_and_by_a_condition_in_policies() -> None:
    template = letters("alias/contracts").template()
    here = "arn:${AWS::Partition}:kms:${AWS::Region}:${AWS::AccountId}:"
    assert properties(template, "InboxQueue")["KmsMasterKeyId"] == {"Fn::Sub": f"{here}alias/contracts"}
    (policy,) = properties(template, "InboxRole")["Policies"]
    read = next(one for one in policy["PolicyDocument"]["Statement"] if one["Sid"] == "ReadUnderKey")
    assert read["Resource"] == {"Fn::Sub": f"{here}key/*"}
    assert read["Condition"]["ForAnyValue:StringEquals"] == {"kms:ResourceAliases": "alias/contracts"}
