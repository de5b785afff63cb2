"""The ways in which parameters and conditions that nobody gave can turn out.

A parameter takes every text that a condition compares it with, its default, and a text that is none of
these; with ``AllowedValues`` it takes these alone. Conditions that hang on parameters in a way that is not
followed are taken both ways. Of all that makes the same conditions hold, one is kept.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import islice, product
from math import prod
from typing import TYPE_CHECKING, Any, Final

from lakenb.iam.stacks.parameters import as_text, default_of, opaque
from lakenb.iam.stacks.scope import Scope, all_scopes
from lakenb.iam.stacks.settings import PARTITIONS, Choice, Settings, partition_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from lakenb.iam.stacks.source import Source

MOST_WORLDS: Final = 64
_MOST_TRIED: Final = 4096
_ROUNDS: Final = 8
_OTHER_REGION: Final = "ap-southeast-2"

Wanted = frozenset[tuple[str, str]]
"""Conditions that resources ask for: the path of nested stacks, and the name."""


def variants(settings: Settings, source: Source, wanted: Wanted) -> tuple[tuple[Choice, ...], bool]:
    """Return the choices to follow, the neutral one first, and whether they are all.

    Parameters
    ----------
    settings
        What is given.
    source
        The templates.
    wanted
        The conditions that matter.
    """
    trial = _Trial(settings, source, wanted)
    trial.vector(Choice())
    cells: dict[str, list[str]] = dict(trial.open_cells())
    dimensions: list[tuple[str, list[Any]]] = []
    found: dict[tuple[Any, ...], Choice] = {(): Choice()}
    is_whole = True
    for _ in range(_ROUNDS):
        cells |= {name: trial.cells(name, texts) for name, texts in trial.compared.items()}
        atoms: list[tuple[str, list[Any]]] = [(key, [False, True]) for key in trial.atoms]
        if dimensions == [*cells.items(), *atoms]:
            break
        dimensions = [*cells.items(), *atoms]
        found, is_whole = _tried(trial, dimensions)
    else:
        is_whole = False
    kept = list(found.values())[:MOST_WORLDS]
    return tuple(_told(kept, trial)), is_whole and len(found) <= MOST_WORLDS


def _tried(
    trial: _Trial, dimensions: Sequence[tuple[str, list[Any]]]
) -> tuple[dict[tuple[Any, ...], Choice], bool]:
    """Return one choice for each way the conditions turn out: the one that is least unlike the neutral."""
    is_whole = prod(len(cells) for _, cells in dimensions) <= _MOST_TRIED
    rows: list[tuple[Any, ...]]
    if is_whole:
        rows = sorted(
            product(*(cells for _, cells in dimensions)),
            key=lambda row: sum(value != cells[0] for value, (_, cells) in zip(row, dimensions, strict=True)),
        )
    else:
        first = tuple(cells[0] for _, cells in dimensions)
        others = (
            (*first[:number], value, *first[number + 1 :])
            for number, (_, cells) in enumerate(dimensions)
            for value in cells[1:]
        )
        rows = [first, *islice(others, _MOST_TRIED)]
    found: dict[tuple[Any, ...], Choice] = {}
    for row in rows:
        named = dict(zip((name for name, _ in dimensions), row, strict=True))
        choice = Choice(
            {name: value for name, value in named.items() if isinstance(value, str)},
            {name: value for name, value in named.items() if isinstance(value, bool)},
        )
        found.setdefault(trial.vector(choice), choice)
    return found, is_whole


@dataclass(slots=True)
class _Trial:
    settings: Settings
    source: Source
    wanted: Wanted
    compared: dict[str, set[str]] = field(default_factory=dict)
    atoms: dict[str, str] = field(default_factory=dict)
    declared: dict[str, Any] = field(default_factory=dict)

    def vector(self, choice: Choice) -> tuple[Any, ...]:
        """Return how the conditions turn out, with the values that matter by themselves."""
        deployment = self.settings.deployment(choice)
        found: list[Any] = []
        for scope in all_scopes(Scope(deployment, self.source)):
            self.declared |= {scope.prefix + name: each for name, each in scope.parameters.declared.items()}
            for prefix, name in sorted(self.wanted):
                if prefix == scope.prefix and name in scope.truths.written:
                    found.append((prefix, name, scope.condition(name)))
        for name, texts in deployment.compared.items():
            self.compared.setdefault(name, set()).update(texts)
        self.atoms |= deployment.seen_atoms
        found += [(name, choice.values.get(name)) for name, _ in self.open_cells()]
        return tuple(found)

    def open_cells(self) -> Iterator[tuple[str, list[str]]]:
        """Return parameters of the root that have only their ``AllowedValues`` to say what they can be."""
        for name, declared in self.source.template.get("Parameters", {}).items():
            allowed = _allowed(declared)
            if allowed and name not in self.settings.given and default_of(declared) is None:
                yield name, allowed

    def cells(self, name: str, texts: set[str]) -> list[str]:
        """Return the values to follow, the neutral one first."""
        others = sorted(texts)
        if name == "AWS::Region":
            first = self.settings.region
            return list(dict.fromkeys([first, *others, *([_OTHER_REGION] if first in texts else [])]))
        if name == "AWS::Partition":
            known = {"aws", *PARTITIONS.values()}
            return list(
                dict.fromkeys(
                    [partition_of(self.settings.region), *(each for each in others if each in known)]
                )
            )
        if name in {"AWS::AccountId", "AWS::StackName"}:
            first = self.settings.account if name == "AWS::AccountId" else self.settings.stack_name
            return list(dict.fromkeys([first, *others]))
        declared = self.declared.get(name)
        allowed = _allowed(declared)
        default = default_of(declared)
        if allowed:
            return sorted(dict.fromkeys(allowed), key=lambda text: text != default)  # the default first
        return list(dict.fromkeys([*([] if default is None else [default]), opaque(name, declared), *others]))


def _allowed(declared: Any) -> list[str]:
    allowed = declared.get("AllowedValues") if isinstance(declared, dict) else None
    return [as_text(each) for each in allowed] if isinstance(allowed, list) else []


def _told(choices: Sequence[Choice], trial: _Trial) -> Iterator[Choice]:
    """Return the choices without what is the same in all, each with its sentences."""
    if len(choices) == 1:
        yield replace(choices[0], values=_varied(choices[0].values, trial.settings), sentences=())
        return
    names = {name for each in choices for name in each.values}
    varied = sorted(name for name in names if len({each.values.get(name) for each in choices}) > 1)
    atoms = sorted({key for each in choices for key in each.atoms})
    for each in choices:
        sentences = [_sentence(name, each.values[name], trial) for name in varied if name in each.values]
        sentences += [
            f"{trial.atoms[key]} {'holds' if each.atoms[key] else 'does not hold'}"
            for key in atoms
            if key in each.atoms
        ]
        yield Choice(_varied(each.values, trial.settings), each.atoms, tuple(sentences))


def _varied(values: Mapping[str, str], settings: Settings) -> Mapping[str, str]:
    """Return a choice's values without those that are what is made up anyhow."""
    usual = {
        "AWS::Region": settings.region,
        "AWS::AccountId": settings.account,
        "AWS::StackName": settings.stack_name,
        "AWS::Partition": partition_of(values.get("AWS::Region", settings.region)),
    }
    return {name: value for name, value in values.items() if usual.get(name) != value}


def _sentence(name: str, value: str, trial: _Trial) -> str:
    sort = "" if name.startswith("AWS::") else "parameter "
    if value == opaque(name, trial.declared.get(name)) or value == trial.settings.stack_name:
        others = sorted(trial.compared.get(name, ()))
        return f"{sort}{name} is none of {', '.join(map(repr, others))}"
    return f"{sort}{name} is {value!r}"
