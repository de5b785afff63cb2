"""Functions are made for the kernel's own processor and Python."""

from __future__ import annotations

import platform
import sys

import pytest

import lakenb as lk
from lakenb.template.target import Target, kernel_target
from tests.examples import letters


@pytest.mark.parametrize(
    ("machine", "architecture"),
    [("x86_64", "x86_64"), ("AMD64", "x86_64"), ("aarch64", "arm64"), ("arm64", "arm64")],
)
def test_a_processor_has_lambdas_name(machine: str, architecture: str) -> None:
    assert kernel_target(machine) == Target(architecture, sys.version_info.minor)


def test_a_processor_that_lambda_lacks_is_refused() -> None:
    with pytest.raises(lk.UnsupportedError) as refused:
        kernel_target("riscv64")
    assert str(refused.value) == (
        "Lambda has no functions for this machine's processor (riscv64)\n"
        "  where: the architecture of the functions\n"
        "  mend:  work on a machine with x86_64 or arm64"
    )


def test_the_template_names_this_machine_and_this_python() -> None:
    resources = letters().template()["Resources"].values()
    functions = [one["Properties"] for one in resources if one["Type"] == "AWS::Lambda::Function"]
    expected = kernel_target(platform.machine())
    assert {tuple(one["Architectures"]) for one in functions} == {(expected.architecture,)}
    assert {one["Runtime"] for one in functions} == {
        f"python{sys.version_info.major}.{sys.version_info.minor}"
    }


def test_wheels_may_need_no_newer_glibc_than_lambda_has() -> None:
    assert Target("x86_64", 11).platforms[0] == "manylinux_2_26_x86_64"
    assert Target("arm64", 13).platforms[0] == "manylinux_2_28_aarch64"
    assert Target("x86_64", 12).platforms[-2:] == ("manylinux_2_5_x86_64", "manylinux1_x86_64")
    assert Target("arm64", 12).platforms[-2:] == ("manylinux_2_17_aarch64", "manylinux2014_aarch64")
