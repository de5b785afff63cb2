"""Middlewares that documents pass through unchanged, and the filters of a condition's two branches."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, dataclass, field
from datetime import timedelta
from typing import Any, ClassVar

from lakenb.catalog.custom import Travelling, travelling
from lakenb.catalog.travel import USER_MODULE
from lakenb.errors import EventError, Fault
from lakenb.events import check_metadata, write_json
from lakenb.events.metadata import MATCHED, freeze, thaw
from lakenb.graph.code import Code
from lakenb.graph.filters import Filter, when
from lakenb.graph.options import shown, wrong_type
from lakenb.graph.steps import Part, Row, Step, middleware

matched: Filter = when(f"data.metadata.custom.{MATCHED}").equals("true")
mismatched: Filter = when(f"data.metadata.custom.{MATCHED}").equals("false")

_ENTRY = "predicate"
# AWS Lambda quotas: 4 KB for all environment variables of a function
_MOST_METADATA_BYTES = 2048


@middleware
@dataclass(frozen=True, slots=True, repr=False)
class Passthrough(Step):
    """Pass documents on unchanged, perhaps with more metadata.

    Parameters
    ----------
    metadata
        Values that every document gets in the member ``custom`` of its metadata, beside those that it has.

    Notes
    -----
    Takes and sends documents of any type. Neither documents nor metadata are logged. In a strict pipeline the
    documents are copied. All other parameters: see `Step`.
    """

    row: ClassVar[Row] = Row(
        kind="passthrough",
        part=Part.PASS_THROUGH,
        input_types=("*/*",),
        output_types=("*/*",),
        handler="lakenb.runtime.handlers.passthrough",
        memory_mib=128,
        timeout=timedelta(seconds=60),
        batch_size=10,
    )

    _: KW_ONLY
    metadata: Mapping[str, Any] | None = field(default=None, hash=False)

    def __post_init__(self) -> None:
        """Keep the values as they are now, and raise every fault of the options at once."""
        if isinstance(self.metadata, Mapping) and all(isinstance(name, str) for name in self.metadata):
            object.__setattr__(self, "metadata", freeze(self.metadata))
        Step.__post_init__(self)

    def own_faults(self, where: str) -> list[Fault]:
        """Return what is wrong with the metadata."""
        if self.metadata is None:
            return []
        if not isinstance(self.metadata, Mapping):
            return [wrong_type("metadata", self.metadata, "a mapping of names to JSON values", where)]
        if MATCHED in self.metadata:
            what = f"metadata has the name {MATCHED!r}, by which conditions branch"
            return [Fault(what, where, "choose another name")]
        try:
            check_metadata({"custom": self.metadata})
        except EventError as error:
            return [Fault(f"metadata is none: {error.fault.what}", where, error.fault.mend)]
        length = len(write_json(thaw(self.metadata)))
        if length > _MOST_METADATA_BYTES:
            what = f"metadata has {length} bytes as JSON; there is room for {_MOST_METADATA_BYTES}"
            return [Fault(what, where, "shorten it")]
        return []

    def own_options(self) -> dict[str, Any]:
        """Return the options that travel to the handler."""
        return {} if self.metadata is None else {"metadata": thaw(self.metadata)}

    def changed_options(self) -> dict[str, Any]:
        """Return the options that differ from their defaults, by name."""
        options = Step.changed_options(self)
        return {**options, "metadata": thaw(self.metadata)} if self.metadata is not None else options


@middleware
@dataclass(frozen=True, slots=True, repr=False)
class Condition(Step):
    """Decide about every document, and let filters send it one way or the other.

    ::

        large = inbox.pipe(lk.Condition(predicate=lambda doc: doc.size > 1_000_000))
        large.pipe(archive, filter=lk.matched)
        large.pipe(splitter, filter=lk.mismatched)

    Parameters
    ----------
    predicate
        A function of the document, or of the document and the context, that returns True or False. It sees
        the document's type, size, URL and metadata; `open()` reads the document itself. It travels as source
        text with the JSON values of the globals that it reads (`travels` shows all of it).

    Notes
    -----
    Takes documents of any type and passes them on unchanged, with the answer in their metadata. A document
    about which the predicate raises, or answers anything else, fails. A consumer that filters by neither
    `lakenb.matched` nor `lakenb.mismatched` gets all of them. Behind two conditions the answer of the second
    counts. In a strict pipeline the documents are copied. All other parameters: see `Step`.
    """

    row: ClassVar[Row] = Row(
        kind="condition",
        part=Part.PASS_THROUGH,
        input_types=("*/*",),
        output_types=("*/*",),
        handler="lakenb.runtime.handlers.condition",
        memory_mib=128,
        timeout=timedelta(seconds=60),
        batch_size=10,
    )

    _: KW_ONLY
    predicate: Callable[..., bool] = field(compare=False)
    travels: Travelling = field(init=False)
    takes_context: bool = field(init=False)

    def __post_init__(self) -> None:
        """Find out what travels of the predicate, and raise every fault of the options at once."""
        takes_context = takes_two(self.predicate)
        travels = travelling(self.predicate, entry=_ENTRY, arguments=2 if takes_context else 1)
        # steps are equal when what travels is: a cell that runs twice defines its function twice
        object.__setattr__(self, "travels", travels)
        object.__setattr__(self, "takes_context", takes_context)
        Step.__post_init__(self)

    def own_options(self) -> dict[str, Any]:
        """Return the options that travel to the handler."""
        return {"takes_context": self.takes_context}

    def code(self) -> Code:
        """Return what the node's function is made of: the handler, and the predicate's module."""
        return Code(
            self.row.handler, self.row.packages, ((f"{USER_MODULE}.py", self.travels.module(_ENTRY)),)
        )

    def changed_options(self) -> dict[str, Any]:
        """Return the options that differ from their defaults, by name, without the predicate."""
        own = {"predicate", "travels", "takes_context"}
        return {name: value for name, value in Step.changed_options(self).items() if name not in own}

    def __repr__(self) -> str:
        """Return the call that makes this step."""
        named = [] if self.id == self.row.kind else [repr(self.id)]
        options = {name: shown(value) for name, value in self.changed_options().items()}
        options["predicate"] = self.travels.name
        return f"Condition({', '.join([*named, *(f'{name}={options[name]}' for name in sorted(options))])})"


def takes_two(function: object) -> bool:
    """Return whether a function can be given a document and a context; what is none, says `travelling`."""
    if not inspect.isfunction(function):
        return False
    try:
        inspect.signature(function).bind(None, None)
    except TypeError:
        return False
    return True
