"""A middleware that gets all documents of an event at once: a function of the user joins or chooses."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from lakenb.catalog.custom import Travelling, travelling
from lakenb.catalog.flow import takes_two
from lakenb.catalog.travel import USER_MODULE
from lakenb.errors import Fault
from lakenb.graph.code import Code
from lakenb.graph.options import shown
from lakenb.graph.requirements import exact_requirements, requirement_faults
from lakenb.graph.steps import Part, Row, Step, middleware, place

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_ENTRY = "transform"
_NOTHING = Travelling("", "", "{}", ())


@middleware
@dataclass(frozen=True, slots=True, repr=False)
class Transform(Step):
    """Make documents of several, or choose among them.

    ::

        def join(docs, ctx):
            def pieces():
                for doc in docs:
                    for block in doc.text():
                        yield block.encode()
            return ctx.document(pieces(), type="text/plain", name="all.txt")

        files.pipe(lk.Reducer("gather", ...)).pipe(lk.Transform("merge", join))

    Parameters
    ----------
    function
        A function of the documents, or of the documents and the context. It gets a tuple: the documents that
        a composite gathered, else the one document; each has a type, size, URL and metadata, `open()` and
        `text()` read it. It returns or yields documents: new ones, made by ``ctx.document(...)``, and some
        of those that it got, as they are or with more metadata: ``ctx.pass_on(doc, metadata={...})``. What it
        does not return ends here. It travels as source text, with the JSON values of the globals that it
        reads; `travels` shows all of it.
    packages
        Exact requirements of what it imports, such as ``["idna==3.10"]``, as wheels.

    Notes
    -----
    Takes documents of any type. New documents lie in the node's own store, others stay where they are; its
    consumers read both. In a strict pipeline it copies what it sends on. Documents are read as streams, so
    their size has no bound of its own. All other parameters: see `Step`.
    """

    row: ClassVar[Row] = Row(
        kind="transform",
        part=Part.COMPOSER,
        input_types=("*/*",),
        output_types=("*/*",),
        handler="lakenb.runtime.handlers.transform",
        memory_mib=256,
        timeout=timedelta(seconds=60),
        batch_size=5,
    )

    function: Callable[..., Any] | None = field(default=None, compare=False)
    _: KW_ONLY
    packages: Sequence[str] = ()
    travels: Travelling = field(init=False)
    takes_context: bool = field(init=False)

    def __post_init__(self) -> None:
        """Find out what travels of the function, and raise every fault of the options at once."""
        takes_context = takes_two(self.function)
        travels = _NOTHING  # what is wrong with the packages is told first
        if self.function is not None and not requirement_faults(self.packages, place(self.id)):
            travels = travelling(
                self.function, entry=_ENTRY, packages=self.packages, arguments=2 if takes_context else 1
            )
        # steps are equal when what travels is: a cell that runs twice defines its function twice
        object.__setattr__(self, "travels", travels)
        object.__setattr__(self, "takes_context", takes_context)
        Step.__post_init__(self)

    def own_faults(self, where: str) -> list[Fault]:
        """Return what is wrong with the packages, or that there is no function."""
        if self.function is None:
            mend = "write lk.Transform('merge', function), with a function of the documents and the context"
            return [Fault("it is not said what happens to the documents", where, mend)]
        return requirement_faults(self.packages, where)

    def own_options(self) -> dict[str, Any]:
        """Return the options that travel to the handler."""
        return {"takes_context": self.takes_context}

    def code(self) -> Code:
        """Return what the node's function is made of: the handler, packages, and the user's own module."""
        pinned = tuple(map(str, exact_requirements(self.packages)))
        return Code(self.row.handler, pinned, ((f"{USER_MODULE}.py", self.travels.module(_ENTRY)),))

    def changed_options(self) -> dict[str, Any]:
        """Return the options that differ from their defaults, by name, without the function."""
        own = {"function", "travels", "takes_context"}
        return {name: value for name, value in Step.changed_options(self).items() if name not in own}

    def __repr__(self) -> str:
        """Return the call that makes this step."""
        options = [f"{name}={shown(value)}" for name, value in sorted(self.changed_options().items())]
        return f"Transform({', '.join([repr(self.id), self.travels.name, *options])})"
