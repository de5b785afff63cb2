"""Reads values out of a resource's properties, with the place where each stands.

What the reader of templates could not resolve stays undecided: it is never equal to anything.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from math import isfinite
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from lakenb.iam.proof.values import Verdict
from lakenb.iam.stacks.world import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from lakenb.iam.stacks.world import Resource

_LONGEST = 160
_MAPPINGS = (dict, MappingProxyType)
_ABSENT: Any = object()  # JSON's null is a value; this is none


@dataclass(frozen=True, slots=True)
class Said:
    """What a resource says at a place of it.

    Parameters
    ----------
    logical_id
        The resource; empty where there is none.
    steps
        The way to the place: names, and numbers of a list's entries.
    value
        What stands there.
    """

    logical_id: str
    steps: tuple[str | int, ...]
    value: Any = _ABSENT

    @property
    def path(self) -> str:
        """The place as people write it, such as ``Properties.RedrivePolicy.maxReceiveCount``."""
        first, *others = self.steps or ("",)
        return str(first) + "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in others)

    @property
    def is_there(self) -> bool:
        """Whether anything stands there."""
        return self.value is not _ABSENT

    @property
    def is_known(self) -> bool:
        """Whether it could be read whole; what is absent is known."""
        return not holds_unknown(self.value)

    def at(self, *steps: str | int) -> Said:
        """Return what stands below; absent where nothing does, unknown below what is unknown."""
        value = self.value
        for step in steps:
            value = _below(value, step)
        return Said(self.logical_id, self.steps + steps, value)

    def items(self) -> tuple[Said, ...]:
        """Return the entries of a list; a value that is no list is its own one entry, as AWS reads it."""
        if not self.is_there:
            return ()
        if not isinstance(self.value, list | tuple):
            return (self,)
        return tuple(Said(self.logical_id, (*self.steps, i), one) for i, one in enumerate(self.value))

    def document(self) -> Said:
        """Return it with a JSON text taken apart: CloudFormation takes both where it wants an object."""
        if not isinstance(self.value, str) or UNKNOWN in self.value:
            return self
        try:
            return Said(self.logical_id, self.steps, json.loads(self.value))
        except ValueError:
            return self

    def equals(self, wanted: Any) -> Verdict:
        """Return whether exactly this stands there; true and ``"true"``, 5 and ``"5"`` are the same."""
        if not self.is_there:
            return Verdict.FAILED
        value = self.value
        if isinstance(wanted, dict | list):
            same = value == wanted
        else:
            same = _written(value) == _written(wanted) is not None
        if same and self.is_known:
            return Verdict.PROVED
        return Verdict.FAILED if self.is_known else Verdict.UNDECIDED

    def number(self) -> float | None:
        """Return the number that stands there, also as a text; None for anything else."""
        if isinstance(self.value, bool) or not isinstance(self.value, int | float | str):
            return None
        try:
            number = float(self.value)
        except (ValueError, OverflowError):
            return None
        return number if isfinite(number) else None

    def shown(self, word: Callable[[str], str] = str) -> str:
        """Return the place and what stands there, on one line, each text by the word for it."""
        if not self.is_there:
            return f"no {self.path}"
        text = _shown(self.value, word).replace(UNKNOWN, "⟨unknown⟩")
        return f"{self.path} = {text if len(text) <= _LONGEST else text[:_LONGEST] + '…'}"


def said(resource: Resource, *steps: str | int) -> Said:
    """Return what a resource's properties say at a place."""
    value: Any = resource.properties
    for step in steps:
        value = _below(value, step)
    return Said(resource.logical_id, ("Properties", *steps), value)


def attribute(resource: Resource, name: str) -> Said:
    """Return what a resource says beside its properties, such as its DeletionPolicy."""
    return Said(resource.logical_id, (name,), resource.attributes.get(name, _ABSENT))


def whole(logical_id: str) -> Said:
    """Return the properties of a resource as a place, without what they say."""
    return Said(logical_id, ("Properties",) if logical_id else ())


def plain_text(value: Any) -> str:
    """Return a text that could be read, else an empty one."""
    return value if isinstance(value, str) and UNKNOWN not in value else ""


def holds_unknown(value: Any) -> bool:
    """Return whether any part of a value could not be read."""
    if isinstance(value, str):
        return UNKNOWN in value
    if isinstance(value, dict):
        return any(UNKNOWN in str(name) or holds_unknown(one) for name, one in value.items())
    if isinstance(value, list | tuple):
        return any(map(holds_unknown, value))
    return False


def worst(verdicts: Sequence[Verdict]) -> Verdict:
    """Return what several verdicts come to together: one that failed decides, then one undecided."""
    for verdict in (Verdict.FAILED, Verdict.UNDECIDED):
        if verdict in verdicts:
            return verdict
    return Verdict.PROVED


def _below(value: Any, step: str | int) -> Any:
    if isinstance(value, _MAPPINGS):
        return value.get(step, _ABSENT)
    if isinstance(value, str):
        return UNKNOWN if UNKNOWN in value else _ABSENT
    if isinstance(value, list | tuple) and isinstance(step, int):
        return value[step] if step < len(value) else _ABSENT
    return _ABSENT


def _written(value: Any) -> str | None:
    """Return a scalar as CloudFormation takes it in a text; None for what is none."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else None


def _shown(value: Any, word: Callable[[str], str]) -> str:
    plain = _written(value)
    if plain is not None:
        return word(plain) if isinstance(value, str) else plain
    return json.dumps(_worded(value, word), ensure_ascii=False, default=str, sort_keys=True)


def _worded(value: Any, word: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return word(value)
    if isinstance(value, dict):
        return {name: _worded(one, word) for name, one in value.items()}
    return [_worded(one, word) for one in value] if isinstance(value, list | tuple) else value
