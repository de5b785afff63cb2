"""Read back file systems and who mounts them, and mount what the embedded CloudFormation does not."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lakenb.backends.local.seam import Emulator
    from lakenb.backends.local.stack import Stack


_FUNCTION, _MOUNTS = "AWS::Lambda::Function", "FileSystemConfigs"


def apply_mounts(emulator: Emulator, stack: Stack) -> Iterator[str]:
    """Tell functions which file systems they mount, through Lambda's API; yield each, one line a function."""
    functions = emulator.client("lambda")
    for logical_id, made in stack.template["Resources"].items():
        if made["Type"] != _FUNCTION or _MOUNTS not in made["Properties"]:
            continue
        name, wanted = stack.physical[logical_id], stack.resolve(made["Properties"][_MOUNTS])
        if functions.get_function_configuration(FunctionName=name).get(_MOUNTS) != wanted:
            functions.update_function_configuration(FunctionName=name, **{_MOUNTS: wanted})
            yield f"{logical_id}: {_MOUNTS}"


def mount_differences(wanted: Mapping[str, Any], found: Mapping[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    """Yield where what a function mounts is not what the template says."""
    if _MOUNTS in wanted:
        yield _MOUNTS, wanted[_MOUNTS], found.get(_MOUNTS)


def file_system(
    emulator: Emulator, stack: Stack, logical_id: str, wanted: dict[str, Any]
) -> Iterator[tuple[str, Any, Any]]:
    """Yield property, as the template has it, as EFS tells it."""
    efs, own = emulator.client("efs"), stack.physical[logical_id]
    found = efs.describe_file_systems(FileSystemId=own)["FileSystems"][0]
    yield "Encrypted", wanted["Encrypted"], found.get("Encrypted")
    yield "ThroughputMode", wanted["ThroughputMode"], found.get("ThroughputMode")
    if "KmsKeyId" in wanted:
        yield "KmsKeyId", wanted["KmsKeyId"], found.get("KmsKeyId")
    policy = json.loads(efs.describe_file_system_policy(FileSystemId=own)["Policy"])
    # EFS gives a policy without an id one of its own
    kept = {name: value for name, value in policy.items() if name in wanted["FileSystemPolicy"]}
    yield "FileSystemPolicy", wanted["FileSystemPolicy"], kept


def access_point(
    emulator: Emulator, stack: Stack, logical_id: str, wanted: dict[str, Any]
) -> Iterator[tuple[str, Any, Any]]:
    """Yield property, as the template has it, as EFS tells it."""
    own = stack.physical[logical_id]
    found = emulator.client("efs").describe_access_points(AccessPointId=own)["AccessPoints"][0]
    for name in ("FileSystemId", "PosixUser", "RootDirectory"):
        yield name, wanted[name], found.get(name)


def mount_target(
    emulator: Emulator, stack: Stack, logical_id: str, wanted: dict[str, Any]
) -> Iterator[tuple[str, Any, Any]]:
    """Yield property, as the template has it, as EFS tells it."""
    efs, own = emulator.client("efs"), stack.physical[logical_id]
    found = efs.describe_mount_targets(MountTargetId=own)["MountTargets"][0]
    for name in ("FileSystemId", "SubnetId"):
        yield name, wanted[name], found.get(name)
    groups = efs.describe_mount_target_security_groups(MountTargetId=own)["SecurityGroups"]
    yield "SecurityGroups", wanted["SecurityGroups"], groups
