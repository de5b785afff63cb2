"""From a graph to a cloud assembly."""

from __future__ import annotations

import json
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lakenb.backends.cdk.assembly import Assembly
from lakenb.backends.cdk.destination import destination, put
from lakenb.backends.cdk.errors import WorkerTraceError
from lakenb.backends.cdk.installation import uninstalled
from lakenb.backends.cdk.worker import WORKER
from lakenb.catalog.places import has_token
from lakenb.errors import QuotaError, SynthError, UnsupportedError
from lakenb.packaging.assets import asset_key
from lakenb.packaging.zips import function_zip
from lakenb.security.stores import given_bucket
from lakenb.template.build import build, to_json
from lakenb.template.quotas import quota_faults
from lakenb.template.split import split, template_hash, template_key

if TYPE_CHECKING:
    from collections.abc import Mapping
    from os import PathLike

    from lakenb.backends.cdk.process import Answer
    from lakenb.graph.graph import Graph
    from lakenb.template.split import Split

# What CDK adds to a template: a stack that its assembly deploys must find the bootstrap's resources.
ADDED_BY_CDK = (("Parameters", "BootstrapVersion"), ("Rules", "CheckBootstrapVersion"))
_SHOWN_ERRORS = 5


def synth(
    graph: Graph, directory: str | PathLike[str] = "cdk.out", *, stack_name: str | None = None
) -> Assembly:
    """Write a cloud assembly through CDK, which runs in a process of its own.

    An assembly that lies there already is replaced in one step; interrupted, the old one stays.

    Parameters
    ----------
    graph
        The pipeline.
    directory
        Where to; a folder that holds anything else than an assembly is refused.
    stack_name
        The stack's name; the pipeline's id by default.

    Returns
    -------
    Assembly
        Where it lies, and what the validator warns of.

    Raises
    ------
    QuotaError
        If one stack cannot hold the pipeline.
    SynthError
        If the folder cannot be used, CDK is not installed, or the template is refused.
    """
    began = time.monotonic()
    if sys.platform == "win32":
        raise UnsupportedError("CDK is run on Linux and macOS only", "synth", "use WSL")
    folder = destination(directory)
    name = stack_name or graph.id
    _refuse_tokens(graph)
    zips = {code: function_zip(code) for code in sorted({step.code() for step in graph.nodes.values()})}
    template = build(graph, {code: asset_key(made.hash) for code, made in zips.items()})
    if faults := quota_faults(template, name):
        raise QuotaError(faults)
    WORKER.start()  # it warms up while the zips are made
    contents = {made.hash: made.build() for made in zips.values()}
    task = _Task(name, split(template), contents, folder)
    warnings = WORKER.ask(task.write, task.read)
    return Assembly(
        folder,
        name,
        folder / f"{name}.template.json",
        tuple(sorted(folder.glob("asset.*.zip"))),
        warnings,
        time.monotonic() - began,
        tuple(folder / f"asset.{template_key(one)}" for one in task.templates.nested.values()),
    )


def _refuse_tokens(graph: Graph) -> None:
    for node, step in graph.nodes.items():
        if (bucket := given_bucket(step)) is not None and has_token(bucket):
            raise SynthError(
                "its bucket is a construct of a CDK app, and its name means nothing outside of that app",
                f"node '{node}'",
                "put the pipeline into that app by lakenb.cdk.PipelineConstruct, or give the bucket's name",
            )


@dataclass(frozen=True, slots=True)
class _Task:
    """One synth, as it goes to the worker and comes back."""

    stack_name: str
    templates: Split
    zips: Mapping[str, bytes]
    folder: Path

    def write(self, request: Path) -> None:
        """Write the request into its folder."""
        try:
            files = {f"{key}.zip": content for key, content in sorted(self.zips.items())}
            nested = self.templates.nested.values()
            files |= {f"{template_hash(one)}.json": to_json(one).encode() for one in nested}
            for name, content in files.items():
                (request / name).write_bytes(content)
            assets = [{"hash": Path(name).stem, "path": str(request / name)} for name in files]
            whole = {"stack": self.stack_name, "assets": assets}
            (request / "request.json").write_text(json.dumps(whole), encoding="utf-8")
            (request / "template.json").write_text(to_json(self.templates.root), encoding="utf-8")
        except OSError as error:
            what = f"templates and zips could not be written ({error.strerror or error})"
            raise SynthError(
                what, str(request.parent), "make room, or name another place with TMPDIR"
            ) from error

    def read(self, answer: Answer, request: Path) -> tuple[str, ...]:
        """Take the assembly to its place, and return the validator's warnings."""
        if "missing" in answer:
            raise uninstalled(answer["missing"])
        self.refuse(answer)
        told = [_line(found) for found in answer["diagnostics"] if found["severity"] == "WARN"]
        self.refuse_altered(request / "assembly")
        put(request / "assembly", self.folder)
        return tuple(told)

    def refuse(self, answer: Answer) -> None:
        """Raise what the validator found, which names the resource, else what CDK said."""
        where, cause = f"stack {self.stack_name!r}", answer.get("trace")
        found = [_line(found) for found in answer.get("diagnostics", ()) if found["severity"] != "WARN"]
        if found:
            what = f"CloudFormation would refuse the template: {'; '.join(found[:_SHOWN_ERRORS])}"
            mend = "if the resource is none of yours, report it with the pipeline"
        elif cause:
            what = f"CDK refuses the pipeline: {answer['error']}"
            mend = "if the message names nothing of yours, report it with this error's cause"
        else:
            return
        raise SynthError(what, where, mend) from (WorkerTraceError(cause) if cause else None)

    def refuse_altered(self, assembly: Path) -> None:
        """Raise if CDK's templates are not ours: everything said about the one must be true of the other."""
        made = json.loads((assembly / f"{self.stack_name}.template.json").read_text(encoding="utf-8"))
        places = {assembly / f"asset.{template_key(one)}": one for one in self.templates.nested.values()}
        nested = {path: json.loads(path.read_text(encoding="utf-8")) for path in places if path.is_file()}
        if nested != places or without_additions(made) != without_additions(self.templates.root):
            raise SynthError(
                "CDK's template is not the one that lakenb wrote",
                f"stack {self.stack_name!r}",
                "report it with the version of aws-cdk-lib",
            )


def _line(found: Mapping[str, str]) -> str:
    place = " ".join(part for part in (found["resource"], found["path"]) if part) or "the template"
    return f"{place}: {found['message']} ({found['rule']})"


def without_additions(template: Mapping[str, Any]) -> dict[str, Any]:
    """Return a template without what CDK adds for its bootstrap, in CDK's spelling.

    CDK writes ``DependsOn`` as a list and leaves out empty ``Properties``; the order of keys says nothing.

    Examples
    --------
    >>> without_additions({"Resources": {}, "Parameters": {"BootstrapVersion": {}, "Mine": {}}})
    {'Resources': {}, 'Parameters': {'Mine': {}}}
    """
    kept = {**template, "Resources": {key: _spelled(made) for key, made in template["Resources"].items()}}
    for section, name in ADDED_BY_CDK:
        rest = {key: value for key, value in kept.pop(section, {}).items() if key != name}
        if rest:
            kept[section] = rest
    return kept


def _spelled(resource: Mapping[str, Any]) -> dict[str, Any]:
    spelled = {key: value for key, value in resource.items() if (key, value) != ("Properties", {})}
    if isinstance(spelled.get("DependsOn"), str):
        spelled["DependsOn"] = [spelled["DependsOn"]]
    return spelled
