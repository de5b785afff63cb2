import pytest

from tests.review.properties.examined import Template, adding, changed, faults, without
from tests.review.services import filed, indexed

FILED, INDEXED = filed(), indexed()
SYSTEM, POINT, FUNCTION = "IndexFileSystem", "IndexAccessPoint", "IndexFunction"


def found(template: Template) -> set[tuple[str, str, str]]:
    return set(faults(template, FILED))


def test_a_second_access_point_is_found() -> None:
    template = adding(FILED.template(), "Another", "AWS::EFS::AccessPoint", FileSystemId={"Ref": SYSTEM})
    assert ("P2", "Another", "Properties.FileSystemId") in found(template)


def test_an_access_point_of_another_file_system_is_nobody_s_business() -> None:
    template = adding(FILED.template(), "Other", "AWS::EFS::FileSystem")
    template = adding(template, "Another", "AWS::EFS::AccessPoint", FileSystemId={"Ref": "Other"})
    assert not any(place == "Properties.FileSystemId" for _, _, place in found(template))


@pytest.mark.parametrize("part", ["Uid", "Gid"])
def test_an_access_point_for_root_is_found(part: str) -> None:
    template = changed(FILED.template(), POINT, "Properties", "PosixUser", part, to="0")
    assert ("P2", POINT, f"Properties.PosixUser.{part}") in found(template)


def test_an_access_point_for_anybody_is_found() -> None:
    template = without(FILED.template(), POINT, "Properties", "PosixUser")
    assert ("P2", POINT, "Properties.PosixUser.Uid") in found(template)


def test_a_function_that_is_told_another_folder_is_found() -> None:
    steps = ("Properties", "Environment", "Variables", "LAKENB_FILES")
    template = changed(FILED.template(), FUNCTION, *steps, to="/mnt/elsewhere")
    assert ("P10", FUNCTION, "Properties.Environment.Variables.LAKENB_FILES") in found(template)


@pytest.mark.parametrize("target", ["IndexMountTargetA", "IndexMountTargetB"])
def test_a_subnet_without_a_mount_target_is_found(target: str) -> None:
    template = without(FILED.template(), target)
    assert any((one[0], one[1]) == ("P10", FUNCTION) for one in found(template))


def test_a_mount_target_of_another_file_system_is_none() -> None:
    template = adding(FILED.template(), "Other", "AWS::EFS::FileSystem")
    template = changed(template, "IndexMountTargetA", "Properties", "FileSystemId", to={"Ref": "Other"})
    assert any((one[0], one[1]) == ("P10", FUNCTION) for one in found(template))


@pytest.mark.parametrize(
    ("steps", "value"),
    [
        (("Path",), "/"),
        (("CreationInfo", "OwnerUid"), "0"),
        (("CreationInfo", "OwnerGid"), "2000"),
    ],
)
def test_a_folder_that_is_not_the_user_s_own_is_found(steps: tuple[str, ...], value: str) -> None:
    template = changed(FILED.template(), POINT, "Properties", "RootDirectory", *steps, to=value)
    assert ("P10", POINT, "Properties.RootDirectory.Path") in found(template)


def test_a_function_that_does_not_await_its_mount_targets_is_found() -> None:
    assert ("P10", FUNCTION, "DependsOn") in found(without(FILED.template(), FUNCTION, "DependsOn"))


@pytest.mark.parametrize(
    ("group", "rules", "number"),
    [
        ("IndexFileSystemGroup", "SecurityGroupIngress", 0),
        ("PipelineFunctionsGroup", "SecurityGroupEgress", 1),
    ],
)
def test_security_groups_that_are_closed_for_files_are_found(group: str, rules: str, number: int) -> None:
    steps = ("Properties", rules, number)
    template = changed(FILED.template(), group, *steps, "FromPort", to=2050)
    template = changed(template, group, *steps, "ToPort", to=2050)
    assert ("P10", "IndexMountTargetA", "Properties.SecurityGroups") in found(template)


@pytest.mark.parametrize("name", ["DeletionPolicy", "UpdateReplacePolicy"])
def test_an_index_that_goes_with_the_stack_is_found(name: str) -> None:
    assert ("P10", SYSTEM, name) in found(changed(FILED.template(), SYSTEM, name, to="Delete"))
    template = changed(INDEXED.template(), "IndexIndex", name, to="Delete")
    assert ("P10", "IndexIndex", name) in set(faults(template, INDEXED))


def test_an_index_of_which_something_expires_is_found() -> None:
    rule = {"Id": "Expire", "Status": "Enabled", "ExpirationInDays": 400}
    steps = ("Properties", "LifecycleConfiguration", "Rules", 0)
    template = changed(INDEXED.template(), "IndexIndex", *steps, to=rule)
    place = "Properties.LifecycleConfiguration.Rules[0].ExpirationInDays"
    assert ("P10", "IndexIndex", place) in set(faults(template, INDEXED))


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("PublicAccessBlockConfiguration", "Properties.PublicAccessBlockConfiguration"),
        ("OwnershipControls", "Properties.OwnershipControls"),
    ],
)
def test_the_bucket_of_an_index_has_no_open_door(name: str, place: str) -> None:
    template = without(INDEXED.template(), "IndexIndex", "Properties", name)
    assert any(
        (claim, logical_id) == ("P1", "IndexIndex") and where.startswith(place)
        for claim, logical_id, where in faults(template, INDEXED)
    )


def test_an_index_that_is_not_encrypted_is_found() -> None:
    template = without(INDEXED.template(), "IndexIndex", "Properties", "BucketEncryption")
    assert "P5" in {claim for claim, logical_id, _ in faults(template, INDEXED) if logical_id == "IndexIndex"}


def test_a_copy_of_a_file_system_is_found() -> None:
    elsewhere = {"Destinations": [{"Region": "us-east-1"}]}
    template = changed(FILED.template(), SYSTEM, "Properties", "ReplicationConfiguration", to=elsewhere)
    assert ("P2", SYSTEM, "Properties.ReplicationConfiguration") in found(template)
