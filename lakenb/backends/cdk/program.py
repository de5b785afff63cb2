"""The worker's program: the one place where lakenb runs CDK, always in a process of its own.

Started with its folder, its parent's process id and how long to wait in vain. A line of its standard
input is a request, ``{"id", "folder"}``; a line of its standard output is an answer. All else that anybody
prints goes into its log. When its input ends, or its parent does, it ends node, its folder and itself.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import select
import shutil
import signal
import sys
import threading
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

_LOOK_SECONDS = 1.0
_REMOVALS, _REMOVAL_SECONDS = 20, 0.05
_TOLD = ("WARN", "ERROR", "FATAL")

Request = dict[str, Any]


class Program:
    """Reads requests, builds an app for each, answers.

    Parameters
    ----------
    home
        The worker's folder, removed when it ends.
    parent
        Process id of the one that started it.
    idle_seconds
        How long it waits for a request before it ends.
    answers
        File descriptor on which to answer.
    """

    def __init__(self, home: Path, parent: int, idle_seconds: float, answers: int) -> None:
        self.home = home
        self.parent = parent
        self.idle_seconds = idle_seconds
        self.answers = answers
        self.requests: queue.Queue[Request] = queue.Queue()
        self.engine: Any = None
        self.ending: threading.Event = threading.Event()

    def listen(self) -> None:
        """Take requests until the input or the parent ends; then end everything."""
        pending = b""
        while os.getppid() == self.parent:  # an input may stay open in a fork of a parent that is gone
            if not select.select([0], [], [], _LOOK_SECONDS)[0]:
                continue
            part = os.read(0, 65536)
            if not part:
                break
            *lines, pending = (pending + part).split(b"\n")
            for line in lines:
                self.requests.put(json.loads(line))
        self.end()

    def end(self) -> NoReturn:
        """End node first, so that nothing writes into the folder while it is removed."""
        self.ending.set()
        os.killpg(0, signal.SIGTERM)  # this process has a handler for it, node has none
        for _ in range(_REMOVALS):
            shutil.rmtree(self.home, ignore_errors=True)
            if not self.home.exists():
                break
            time.sleep(_REMOVAL_SECONDS)
        os.killpg(0, signal.SIGKILL)
        os._exit(0)

    def give_up(self) -> NoReturn:
        """End at once where node is gone, unless it is our own end that took it: that removes the folder."""
        if self.ending.is_set():
            threading.Event().wait()
        traceback.print_exc()  # into the log, for who started us
        os.killpg(0, signal.SIGKILL)
        os._exit(1)

    def serve(self) -> None:
        """Answer requests in turn."""
        try:
            self.prepare()
        except ImportError as error:
            self.refuse_all(error)
        if self.requests.empty():
            with contextlib.suppress(Exception):  # a request will tell it better
                self.warm_up()
        while True:
            try:
                request = self.requests.get(timeout=self.idle_seconds)
            except queue.Empty:
                self.end()
            self.answer({"id": request["id"], **self.outcome(Path(request["folder"]))})

    def answer(self, answer: dict[str, Any]) -> None:
        """Write one answer, in one piece."""
        os.write(self.answers, json.dumps(answer).encode() + b"\n")

    def refuse_all(self, error: ImportError) -> NoReturn:
        """Answer every request that something is not installed."""
        while True:
            request = self.requests.get()
            self.answer({"id": request["id"], "missing": error.name or str(error)})

    def prepare(self) -> None:
        """Import CDK (which starts node) and the validator, side by side."""
        with ThreadPoolExecutor(1) as pool:
            engine = pool.submit(_engine)
            for module in ("aws_cdk", "aws_cdk.aws_s3_assets", "aws_cdk.cloudformation_include"):
                import_module(module)
            self.engine = engine.result()

    def warm_up(self) -> None:
        """Synthesize something small, so that the first request finds everything loaded."""
        folder = self.home / "warm-up"
        folder.mkdir()
        (folder / "asset.zip").write_bytes(b"")
        resources = {"Topic": {"Type": "AWS::SNS::Topic"}}
        (folder / "template.json").write_text(json.dumps({"Resources": resources}), encoding="utf-8")
        asset = {"hash": "warm-up", "path": str(folder / "asset.zip")}
        request = {"stack": "warm-up", "assets": [asset]}
        (folder / "request.json").write_text(json.dumps(request), encoding="utf-8")
        self.outcome(folder)
        shutil.rmtree(folder, ignore_errors=True)

    def outcome(self, folder: Path) -> dict[str, Any]:
        """Return what became of a request: the validator's diagnostics, or an error."""
        answer: dict[str, Any] = {}
        with ThreadPoolExecutor(1) as pool:  # the validator is machine code, and CDK waits for node
            found = pool.submit(_all_diagnostics, self.engine, folder)
            try:
                synthesize(folder)
            except Exception as error:  # noqa: BLE001 - whatever CDK raises is told, and the worker goes on
                answer = {"error": _message(error), "trace": traceback.format_exc()}
                if not _node_lives():
                    self.give_up()
            try:
                return {**answer, "diagnostics": found.result()}
            except Exception as error:  # noqa: BLE001 - same, of the validator
                return {"error": _message(error), "trace": traceback.format_exc(), **answer}


def synthesize(folder: Path) -> None:
    """Write the assembly of the request that lies in a folder, from an app made for it alone."""
    import aws_cdk  # noqa: PLC0415 - loaded by now
    from aws_cdk.aws_s3_assets import Asset  # noqa: PLC0415 - loaded by now, too
    from aws_cdk.cloudformation_include import CfnInclude  # noqa: PLC0415 - loaded by now, too

    request = json.loads((folder / "request.json").read_text(encoding="utf-8"))
    # Its own validation costs three seconds in every new process: the same engine checks as machine code.
    app = aws_cdk.App(
        outdir=str(folder / "assembly"),
        analytics_reporting=False,
        tree_metadata=False,
        builtin_cloud_formation_validation=False,
    )
    stack = aws_cdk.Stack(app, request["stack"], synthesizer=aws_cdk.DefaultStackSynthesizer())
    for asset in request["assets"]:
        Asset(
            stack,
            f"Code{asset['hash'][:16]}",
            path=asset["path"],
            asset_hash=asset["hash"],
            asset_hash_type=aws_cdk.AssetHashType.CUSTOM,
        )
    CfnInclude(stack, "Pipeline", template_file=str(folder / "template.json"))
    app.synth()


def _node_lives() -> bool:
    """Tell whether CDK still answers: without its node, no later call does."""
    import aws_cdk  # noqa: PLC0415 - loaded by now

    try:
        aws_cdk.App()
    except Exception:  # noqa: BLE001 - a broken pipe, or an answer that is none
        return False
    return True


def _engine() -> Any:
    from cloudformation_validate import CelEngine  # noqa: PLC0415 - beside CDK's import, in a thread

    return CelEngine()


def _all_diagnostics(engine: Any, folder: Path) -> list[dict[str, str]]:
    """Return what the validator says of the root's template and of each nested one."""
    request = json.loads((folder / "request.json").read_text(encoding="utf-8"))
    nested = [Path(asset["path"]) for asset in request["assets"] if asset["path"].endswith(".json")]
    return [one for path in (folder / "template.json", *nested) for one in _diagnostics(engine, path)]


def _diagnostics(engine: Any, template: Path) -> list[dict[str, str]]:
    from cloudformation_validate import DetailLevel, ValidateConfig  # noqa: PLC0415 - loaded by now

    report = engine.validate_template(template, ValidateConfig(detail_level=DetailLevel.STANDARD))
    return [
        {
            "severity": found.severity.name,
            "rule": found.rule_id,
            "resource": found.entity.logical_id if found.entity else "",
            "path": found.property_path or "",
            "message": found.message,
        }
        for found in report.diagnostics
        if found.severity.name in _TOLD
    ]


def _message(error: Exception) -> str:
    """Return the first line of what went wrong: jsii appends JavaScript's stack."""
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__


def main() -> None:
    """Serve until the parent is gone."""
    signal.signal(signal.SIGTERM, lambda *_: None)  # a handler, not SIG_IGN: node would inherit that
    answers = os.dup(1)
    os.dup2(2, 1)  # whatever prints, prints into the log
    program = Program(Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), answers)
    threading.Thread(target=program.listen, daemon=True).start()
    program.serve()


if __name__ == "__main__":
    main()
