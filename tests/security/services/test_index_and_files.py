"""P2 for indexes: only the node's own role holds anything on its index, exactly what LanceDB does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import lakenb as lk
from lakenb.security.grants import grants
from lakenb.security.services.files import file_system_statements

if TYPE_CHECKING:
    from collections.abc import Iterable


def two(on: str) -> lk.Pipeline:
    inbox = lk.S3Trigger("inbox")
    ends = [inbox.pipe(lk.LanceDBStorage(name, on=on, dimensions=3)) for name in ("first", "second")]  # type: ignore[arg-type]  # a parameter
    return lk.Pipeline("vectors", *ends, vpc=lk.Vpc(create=True))


def held(pipe: lk.Pipeline, words: Iterable[str]) -> set[tuple[str, str, str]]:
    return {
        (one.principal, one.action, one.resource)
        for one in grants(pipe)
        if any(word in one.resource for word in words)
    }


def test_a_node_keeps_its_own_index_in_s3() -> None:
    found = held(two("s3"), ["index bucket", "first/", "second/"])
    mine = {(who, action) for who, action, resource in found if resource.startswith("first")}
    assert mine == {
        ("first", "s3:AbortMultipartUpload"),
        ("first", "s3:DeleteObject"),
        ("first", "s3:GetObject"),
        ("first", "s3:ListBucket"),
        ("first", "s3:PutObject"),
    }
    assert {who for who, _, resource in found if resource.startswith("second")} == {"second"}


def test_a_node_mounts_its_own_file_system_by_its_access_point_and_never_as_root() -> None:
    rows = [one for one in grants(two("efs")) if one.action.startswith("elasticfilesystem:")]
    assert {(one.principal, one.action, one.resource, one.condition) for one in rows} == {
        (
            node,
            f"elasticfilesystem:{action}",
            f"{node}.file system",
            f"elasticfilesystem:AccessPointArn StringEquals {node}.access point",
        )
        for node in ("first", "second")
        for action in ("ClientMount", "ClientWrite")
    }


@pytest.mark.parametrize("on", ["s3", "efs"])
def test_documents_are_not_read(on: str) -> None:
    read = {
        one.resource for one in grants(two(on)) if one.principal == "first" and one.action == "s3:GetObject"
    }
    assert "inbox/*" not in read


def test_a_file_systems_policy_only_denies() -> None:
    statements = file_system_statements("index")
    assert {one.effect for one in statements} == {"Deny"}
    assert {str(condition) for one in statements for condition in one.conditions} == {
        "aws:SecureTransport Bool false",
        "elasticfilesystem:AccessPointArn Null true",
    }
