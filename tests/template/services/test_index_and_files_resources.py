from __future__ import annotations

from typing import Any

import pytest

import lakenb as lk
from lakenb.graph.network_parts import Subnet


def resources(on: str, vpc: lk.Vpc | None = None, key: lk.Key | None = None) -> dict[str, Any]:
    step = lk.LanceDBStorage("index", on=on, dimensions=3)  # type: ignore[arg-type]  # a parameter
    pipe = lk.Pipeline("vectors", lk.S3Trigger("inbox").pipe(step), vpc=vpc, key=key)
    found: dict[str, Any] = pipe.template()["Resources"]
    return found


def test_an_index_in_s3_has_a_bucket_that_keeps_what_it_holds() -> None:
    made = resources("s3")
    rules = made["IndexIndex"]["Properties"]["LifecycleConfiguration"]["Rules"]
    assert [rule["Id"] for rule in rules] == ["AbortUnfinishedUploads"]
    assert made["IndexIndex"]["DeletionPolicy"] == "RetainExceptOnCreate"
    denied = made["IndexIndexPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    assert [(one["Effect"], one["Action"]) for one in denied] == [("Deny", "s3:*")] * 2
    variables = made["IndexFunction"]["Properties"]["Environment"]["Variables"]
    assert variables["LAKENB_INDEX"] == {"Ref": "IndexIndex"}
    assert "FileSystemConfigs" not in made["IndexFunction"]["Properties"]


def test_an_index_in_s3_needs_no_vpc_and_has_no_file_system() -> None:
    assert not [one for one in resources("s3").values() if one["Type"].startswith("AWS::EFS")]


def test_a_file_system_is_reached_by_tls_and_an_access_point_only() -> None:
    made = resources("efs", lk.Vpc(create=True))
    properties = made["IndexFileSystem"]["Properties"]
    assert properties["Encrypted"] is True
    assert made["IndexFileSystem"]["DeletionPolicy"] == "RetainExceptOnCreate"
    tls, point, root = properties["FileSystemPolicy"]["Statement"]
    assert tls["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert point["Condition"] == {"Null": {"elasticfilesystem:AccessPointArn": "true"}}
    assert root["Action"] == "elasticfilesystem:ClientRootAccess"
    assert {one["Principal"] for one in (tls, point, root)} == {"*"}
    folder = made["IndexAccessPoint"]["Properties"]
    assert folder["PosixUser"] == {"Gid": "1000", "Uid": "1000"}
    assert folder["RootDirectory"]["CreationInfo"]["Permissions"] == "0750"


def test_the_function_waits_for_the_mount_targets() -> None:
    made = resources("efs", lk.Vpc(create=True, zones=3))
    targets = sorted(name for name, one in made.items() if one["Type"] == "AWS::EFS::MountTarget")
    assert targets == ["IndexMountTargetA", "IndexMountTargetB", "IndexMountTargetC"]
    assert made["IndexFunction"]["DependsOn"] == targets
    assert made["IndexFunction"]["Properties"]["FileSystemConfigs"] == [
        {"Arn": {"Fn::GetAtt": ["IndexAccessPoint", "Arn"]}, "LocalMountPath": "/mnt/index"}
    ]


def test_only_the_functions_group_reaches_the_file_system() -> None:
    made = resources("efs", lk.Vpc(create=True))
    properties = made["IndexFileSystemGroup"]["Properties"]
    (taken,) = properties["SecurityGroupIngress"]
    assert (taken["IpProtocol"], taken["FromPort"], taken["ToPort"]) == ("tcp", 2049, 2049)
    assert taken["SourceSecurityGroupId"] == {"Fn::GetAtt": ["PipelineFunctionsGroup", "GroupId"]}
    assert [one["CidrIp"] for one in properties["SecurityGroupEgress"]] == ["127.0.0.1/32"]


def test_a_given_vpc_has_a_mount_target_in_each_of_its_zones() -> None:
    subnets = [Subnet("subnet-0a", zone="a"), Subnet("subnet-0b", zone="b"), Subnet("subnet-0c", zone="a")]
    made = resources("efs", lk.Vpc(id="vpc-0a", subnets=subnets, security_groups=["sg-0a"]))
    targets = [one for one in made.values() if one["Type"] == "AWS::EFS::MountTarget"]
    assert [one["Properties"]["SubnetId"] for one in targets] == ["subnet-0a", "subnet-0b"]
    group = made["IndexFileSystemGroup"]["Properties"]
    assert group["VpcId"] == "vpc-0a"
    assert [one["SourceSecurityGroupId"] for one in group["SecurityGroupIngress"]] == ["sg-0a"]


@pytest.mark.parametrize(("on", "name"), [("s3", "IndexIndex"), ("efs", "IndexFileSystem")])
def test_an_index_is_under_the_key(on: str, name: str) -> None:
    made = resources(on, lk.Vpc(create=True), lk.Key())
    keys = [logical for logical, one in made.items() if one["Type"] == "AWS::KMS::Key"]
    assert keys[0] in str(made[name]["Properties"])
    assert keys[0] not in str(resources(on, lk.Vpc(create=True))[name])
