"""A template with its nested ones, from values or from files."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from lakenb.errors import Fault, TemplateError
from lakenb.iam.stacks.written import MOST_LETTERS, template_of

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

_STACK: Final = "AWS::CloudFormation::Stack"
_DEEPEST: Final = 8
_HASH = re.compile(r"[0-9a-f]{64}")
_BYTES_A_LETTER: Final = 4


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """A template and those of its nested stacks.

    Parameters
    ----------
    template
        As `json.loads` reads it.
    nested
        By the logical ids of the resources that deploy them.
    name
        What people call it: the stack's name, or the file's.
    """

    template: Mapping[str, Any]
    nested: Mapping[str, Source] = field(default_factory=lambda: MappingProxyType({}))
    name: str = ""


def source(template: Mapping[str, Any], nested: Mapping[str, Source] | None = None, name: str = "") -> Source:
    """Return a template with its nested ones.

    Examples
    --------
    >>> source({"Resources": {}}, name="empty").name
    'empty'
    """
    return Source(template, MappingProxyType(dict(nested or {})), name)


def together(root: Mapping[str, Any], nested: Mapping[str, Mapping[str, Any]], name: str = "") -> Source:
    """Return a template with nested ones that nest nothing themselves.

    Parameters
    ----------
    root
        The template of the stack that is deployed.
    nested
        The other templates, by the logical ids of the root's resources that deploy them.
    name
        What people call it.

    Examples
    --------
    >>> sorted(together({"Resources": {}}, {"Inner": {"Resources": {}}}).nested)
    ['Inner']
    """
    return source(root, {key: source(each, name=key) for key, each in nested.items()}, name)


def load(path: str | os.PathLike[str], *, stack: str | None = None) -> Source:
    """Return a template from a file, or from a cloud assembly.

    Parameters
    ----------
    path
        A JSON or YAML file, or the directory that ``cdk synth`` writes. Templates of nested stacks are found
        beside it: by the path that CDK notes in their metadata, by their hash in the assembly's list of
        assets, or by a ``TemplateURL`` that is a file's name.
    stack
        Which stack of an assembly: its name or its id. Needed where there are several.

    Raises
    ------
    TemplateError
        If it cannot be read.
    """
    place = Path(path)
    if place.is_dir():
        place, name = _of_assembly(place, stack)
    else:
        name = place.name.partition(".")[0]
    return _loaded(place, name, (), _assets(place.parent))


def _loaded(path: Path, name: str, above: tuple[Path, ...], assets: Mapping[str, str]) -> Source:
    if path in above or len(above) > _DEEPEST:
        raise _refused(
            "a nested stack has a template that it is part of", str(path), "nest no stack in itself"
        )
    template = template_of(_text(path), path.name)
    resources = template.get("Resources") if isinstance(template, dict) else None
    nested = {}
    for logical_id, resource in resources.items() if isinstance(resources, dict) else ():
        if isinstance(resource, dict) and resource.get("Type") == _STACK:
            found = _nested(resource, path.parent, assets)
            if found is not None:
                nested[logical_id] = _loaded(found, logical_id, (*above, path), assets)
    return source(template, nested, name)


def _nested(resource: Mapping[str, Any], folder: Path, assets: Mapping[str, str]) -> Path | None:
    """Return the file of a nested stack's template; None where it is not there."""
    metadata, properties = resource.get("Metadata"), resource.get("Properties")
    names: list[str] = []
    if isinstance(metadata, dict) and isinstance(metadata.get("aws:asset:path"), str):
        names.append(metadata["aws:asset:path"])
    if isinstance(properties, dict) and "TemplateURL" in properties:
        url = properties["TemplateURL"]
        if isinstance(url, str) and "://" not in url:
            names.append(url)
        names += [assets[each] for each in _HASH.findall(json.dumps(url, default=str)) if each in assets]
    for name in names:
        found = (folder / name).resolve()
        # A template may name any file: only what lies beside it, or below, is read.
        if found.is_relative_to(folder.resolve()) and found.is_file():
            return found
    return None


def _assets(folder: Path) -> dict[str, str]:
    """Return the files of an assembly by their hashes."""
    found = {}
    for path in sorted(folder.glob("*.assets.json")):
        files = _json(path).get("files")
        for key, each in files.items() if isinstance(files, dict) else ():
            place = each.get("source") if isinstance(each, dict) else None
            if isinstance(place, dict) and isinstance(place.get("path"), str):
                found[key] = place["path"]
    return found


def _of_assembly(folder: Path, stack: str | None) -> tuple[Path, str]:
    """Return the template's file of one stack of an assembly, and the stack's name."""
    found = list(_stacks(folder, 0))
    wanted = [(path, name) for path, name, names in found if stack is None or stack in names]
    if len(wanted) == 1:
        return wanted[0]
    known = ", ".join(sorted(name for _, name, _ in found)) or "none"
    if stack is not None and not wanted:
        raise _refused(f"there is no stack {stack!r} in the assembly", str(folder), f"there are: {known}")
    what = f"the assembly holds {len(wanted)} stacks"
    raise _refused(what, str(folder), f"name one of them with stack: {known}")


def _stacks(folder: Path, depth: int) -> list[tuple[Path, str, frozenset[str]]]:
    found: list[tuple[Path, str, frozenset[str]]] = []
    artifacts = _json(folder / "manifest.json").get("artifacts")
    for key, each in sorted(artifacts.items()) if isinstance(artifacts, dict) else ():
        properties = each.get("properties") if isinstance(each, dict) else None
        if not isinstance(properties, dict):
            continue
        template, inner = properties.get("templateFile"), properties.get("directoryName")
        if each.get("type") == "aws:cloudformation:stack" and isinstance(template, str):
            names = {key, properties.get("stackName"), each.get("displayName")}
            name = properties.get("stackName", key)
            texts = frozenset(one for one in names if isinstance(one, str))
            found.append((folder / template, name if isinstance(name, str) else key, texts))
        elif each.get("type") == "cdk:cloud-assembly" and isinstance(inner, str) and depth < _DEEPEST:
            found += _stacks(folder / inner, depth + 1)
    return found


def _json(path: Path) -> dict[str, Any]:
    found = template_of(_text(path), path.name)
    if not isinstance(found, dict):
        raise _refused("the file holds no object", str(path), "write the assembly again with cdk synth")
    return found


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > MOST_LETTERS * _BYTES_A_LETTER:
            raise _refused("the file is too large to be a template", str(path), "name a template")
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        what = f"the file cannot be read: {error.strerror or error}"
        raise _refused(
            what, str(path), "name a template, or a cloud assembly that has a manifest.json"
        ) from None
    except UnicodeDecodeError:
        raise _refused("the file is no text in UTF-8", str(path), "name a template") from None


def _refused(what: str, where: str, mend: str) -> TemplateError:
    return TemplateError([Fault(what, where, mend)])


def digest(source: Source) -> str:
    """Return the SHA-256 of a template and its nested ones, the same for every spelling of the same JSON."""
    return hashlib.sha256(_canonical(source).encode("utf-8", "surrogatepass")).hexdigest()


def _canonical(source: Source) -> str:
    own = json.dumps(source.template, sort_keys=True, separators=(",", ":"))
    inner = ",".join(f"{json.dumps(name)}:{_canonical(each)}" for name, each in sorted(source.nested.items()))
    return f'{{"nested":{{{inner}}},"template":{own}}}'
