"""Exact requirements: nothing of an input becomes an option, a path or a range."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lakenb.graph.requirements import exact_requirements, requirement_faults

HOSTILE = ("--pre", "-e .", "./idna", "https://example.org/a.whl", "a b==1", "", "ö==1", "a;b==1")
PLAIN = "write a package's name and one version, such as 'idna==3.10'; no options, paths or URLs"


@pytest.mark.parametrize(
    "text", ["idna==3.10", "a==1", "Foo_Bar.baz==1!2.0rc1.post2.dev3", "pypdfium2==5.2.0", "x==2024.10.16"]
)
def test_an_exact_pin_has_no_fault(text: str) -> None:
    assert requirement_faults([text], "here") == []


@pytest.mark.parametrize(
    ("text", "mend"),
    [
        ("idna", "write 'idna==<version>'"),
        ("idna == 3.10", "write 'idna==3.10'"),
        ("idna>=3", "write 'idna==<version>'"),
        ("idna~=3.1", "write 'idna==<version>'"),
        ("idna==3.*", "write 'idna==<version>'"),
        ("web[all]==0.3", "write 'web==0.3' and beside it the packages that the extra asks for"),
        *((hostile, PLAIN) for hostile in HOSTILE),
    ],
)
def test_anything_else_is_refused_with_the_nearest_form(text: str, mend: str) -> None:
    (fault,) = requirement_faults([text], "here")
    assert fault.what == f"packages holds {text!r}, which is no exact requirement"
    assert fault.where == "here"
    assert fault.mend == mend


def test_one_name_has_one_version() -> None:
    (fault,) = requirement_faults(["Foo_Bar==1.0", "foo-bar==2.0", "foo.bar==1.0"], "here")
    assert fault.what == "packages names foo-bar in two versions: 1.0 and 2.0"
    assert fault.mend == "keep one of them"


@pytest.mark.parametrize("packages", ["idna==3.10", None, {"idna==3.10": 1}])
def test_a_list_is_what_is_taken(packages: object) -> None:
    (fault,) = requirement_faults(packages, "here")
    assert fault.mend == 'give packages a list of texts such as ["idna==3.10"]'


@given(st.text())
@example("idna==3.10\n")
@example("idna==3.10 --pre")
@example("a" * 200 + "==1")
def test_what_passes_is_one_plain_word(text: str) -> None:
    if requirement_faults([text], "here"):
        assert exact_requirements([text]) == ()
        return
    (found,) = exact_requirements([text])
    assert text.isascii()
    assert text[0].isalnum()
    assert not set(text) & set(" \t\n\r;@/\\[]'\"$`|&<>*")
    assert str(found).partition("==")[2] == text.partition("==")[2]
