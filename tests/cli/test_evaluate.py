"""``lakenb iam evaluate`` as people and programs run it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

from tests.cli.commands import ROOT, run

if TYPE_CHECKING:
    from pathlib import Path

ALLOW = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}],
}


def line(action: str) -> str:
    request = {
        "principal": "arn:aws:iam::111122223333:role/r",
        "action": action,
        "resource": "arn:aws:s3:::b/k",
    }
    return json.dumps({"request": request, "identity_policies": [ALLOW]})


def started() -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "lakenb", "iam", "evaluate"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


def answers(given: bytes) -> tuple[list[dict[str, Any]], int, bytes]:
    process = started()
    out, err = process.communicate(given, timeout=60)
    return [json.loads(each) for each in out.splitlines()], process.returncode, err


def test_each_line_has_its_verdict_in_order_and_malformed_ones_an_error() -> None:
    lines = [
        line("s3:GetObject").encode(),
        b"{",
        b"",
        b"\xff\xfe",
        b"[" * 100_000,
        line("s3:GetObject").replace('"Effect"', '"Efect"').encode(),
        line("s3:GetObject").replace('"Action"', '"Effect": "Deny", "Action"').encode(),
        b'{"request": {}, "more": 1}',
        b'{"request": 1e999, "identity_policies": "x", "service_control_policies": [1]}',
        "\N{SNOWMAN} \ud800".encode("utf-8", "surrogatepass"),
        line("s3:PutObject").encode(),
    ]
    found, code, err = answers(b"\n".join(lines) + b"\n")
    assert [answer.get("decision", "error") for answer in found] == [
        "ALLOWED", *["error"] * 9, "IMPLICITLY_DENIED",
    ]  # fmt: skip
    assert code == 0
    assert not err
    assert "did you mean Effect?" in found[5]["error"]
    assert "the key 'Effect' stands twice" in found[6]["error"]
    assert found[10]["reasons"][0].endswith("because no identity-based policy allows the s3:PutObject action")


def test_no_lines_are_no_verdicts() -> None:
    assert answers(b"") == ([], 0, b"")


def test_last_line_needs_no_end() -> None:
    assert len(answers(line("s3:GetObject").encode())[0]) == 1


def test_verdict_comes_before_the_next_case_is_asked() -> None:
    process = started()
    assert process.stdin is not None
    assert process.stdout is not None
    for action, decision in (("s3:GetObject", "ALLOWED"), ("s3:PutObject", "IMPLICITLY_DENIED")):
        process.stdin.write(line(action).encode() + b"\n")
        process.stdin.flush()
        assert json.loads(process.stdout.readline())["decision"] == decision
    process.communicate(timeout=60)
    assert process.returncode == 0


def test_reader_that_goes_away_is_no_complaint() -> None:
    process = started()
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdout.close()
    process.stdin.write((line("s3:GetObject") + "\n").encode() * 50)
    process.stdin.close()
    assert process.stderr is not None
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait(timeout=60) == 141


def test_help_tells_the_whole_contract(tmp_path: Path) -> None:
    said = run(tmp_path, "iam", "evaluate", "--help")
    assert said.code == 0
    for word in (
        "identity_policies", "resource_policy?", "permission_boundaries?", "session_policy?",
            "service_control_policies?",
        "resource_control_policies?", "endpoint_policies?", "resource_account?",
            "UNDECIDED is never an allow", '{"error": ...}',
    ):  # fmt: skip
        assert word in said.out
    assert max(map(len, said.out.splitlines())) <= 110
    assert "evaluate" in run(tmp_path, "iam", "--help").out
    assert run(tmp_path, "iam").code == 2
