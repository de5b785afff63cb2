from __future__ import annotations

import pytest

import lakenb as lk
from lakenb.graph.mounts import mounted_in
from lakenb.graph.network_parts import Subnet


def on_efs(vpc: lk.Vpc | None = None, *, own: lk.Vpc | None = None) -> lk.Pipeline:
    index = lk.LanceDBStorage("index", on="efs", dimensions=3, vpc=own)
    return lk.Pipeline("vectors", lk.S3Trigger("inbox").pipe(index), vpc=vpc)


def refusal(vpc: lk.Vpc | None) -> str:
    with pytest.raises(lk.PipelineError) as refused:
        on_efs(vpc)
    return str(refused.value)


def test_a_file_system_needs_a_vpc() -> None:
    assert refusal(None) == (
        "the file system of 'index' can be reached in a VPC only, and the node has none\n"
        "  where: node 'index', pipeline 'vectors'\n"
        '  mend:  give the node vpc=lk.Vpc(create=True), or on="s3"'
    )


def test_the_nodes_own_vpc_will_do() -> None:
    assert on_efs(own=lk.Vpc(create=True)).nodes["index"].vpc is not None


def test_a_given_vpc_is_named() -> None:
    said = refusal(lk.Vpc(subnets=["subnet-0a"], security_groups=["sg-0a"]))
    assert "the VPC of 'index' is not named, and its file system needs a security group there" in said


def test_no_more_subnets_than_a_region_has_zones() -> None:
    vpc = lk.Vpc(id="vpc-0a", subnets=[f"subnet-0{n}" for n in range(7)], security_groups=["sg-0a"])
    assert "has 7 subnets of as many zones" in refusal(vpc)


def test_each_zone_has_one_mount_target() -> None:
    subnets = [Subnet("subnet-0a", zone="a"), Subnet("subnet-0b", zone="b"), Subnet("subnet-0c", zone="a")]
    vpc = lk.Vpc(id="vpc-0a", subnets=subnets, security_groups=["sg-0a"])
    assert [one.id for one in mounted_in(vpc)] == ["subnet-0a", "subnet-0b"]
