"""Middlewares of the user's own: a plain Python function of a cell becomes a step.

::

    @lk.middleware(input="text/plain", output="application/json")
    def count_words(doc, ctx):
        words = sum(len(block.split()) for block in doc.text())
        yield ctx.document(json.dumps({"words": words}), type="application/json")

    inbox.pipe(count_words("count"))
"""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, field, fields
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from lakenb.catalog.travel import USER_MODULE, Travelling, travelling
from lakenb.errors import Fault, OptionError
from lakenb.graph.code import Code
from lakenb.graph.mime import is_pattern, normalize
from lakenb.graph.options import (
    Settings,
    default_visibility_timeout,
    id_faults,
    settings_faults,
    shown,
    unknown_option_fault,
)
from lakenb.graph.requirements import exact_requirements, requirement_faults
from lakenb.graph.steps import Part, Row, Step, place

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["CustomMiddleware", "CustomStep", "Travelling", "middleware", "travelling"]

_HANDLER = "lakenb.runtime.handlers.custom"
_ENTRY = "handle"
_DEFAULT_MEMORY_MIB = 256
_DEFAULT_TIMEOUT = timedelta(seconds=60)
_DEFAULT_BATCH_SIZE = 5


@dataclass(frozen=True, slots=True)
class Definition:
    """What a middleware of the user's own is: its row, and what travels of its function."""

    row: Row
    travels: Travelling
    label: str = field(compare=False)


@dataclass(frozen=True, slots=True, repr=False)
class CustomStep(Step):
    """A middleware of the user's own and its options; made by calling what `middleware` returns.

    Parameters
    ----------
    definition
        What it is.

    Notes
    -----
    All other parameters: see `Step`.
    """

    _: KW_ONLY
    definition: Definition

    @property
    def row(self) -> Row:  # type: ignore[override]  # of this step: each function of the user's has its own
        """What the middleware is."""
        return self.definition.row

    @property
    def travels(self) -> Travelling:
        """What travels of the function: source, globals, imports."""
        return self.definition.travels

    def own_options(self) -> dict[str, Any]:
        """Return the types that the function may send; None for one that passes documents on."""
        is_passing = self.row.part is Part.PASS_THROUGH
        return {"output": None if is_passing else list(self.row.output_types)}

    def code(self) -> Code:
        """Return what the node's function is made of: the handler, its packages, the user's own module."""
        own = (f"{USER_MODULE}.py", self.travels.module(_ENTRY))
        return Code(self.row.handler, self.row.packages, (own,))

    def changed_options(self) -> dict[str, Any]:
        """Return the options that differ from their defaults, by name."""
        options = Step.changed_options(self)
        options.pop("definition", None)
        return options

    def __repr__(self) -> str:
        """Return the call that makes this step."""
        named = [] if self.id == self.row.kind else [repr(self.id)]
        options = [f"{name}={shown(value)}" for name, value in sorted(self.changed_options().items())]
        return f"{self.definition.label}({', '.join(named + options)})"


_OPTIONS = frozenset(entry.name for entry in fields(Step))


class CustomMiddleware:
    """A middleware made of a function; calling it makes a step.

    Parameters
    ----------
    function
        The function itself, which can be tried on anything that looks like a document and a context.
    definition
        What travels, and the defaults of the options.
    """

    def __init__(self, function: Callable[..., Any], definition: Definition) -> None:
        self.function: Callable[..., Any] = function
        self._definition = definition
        self.__doc__ = function.__doc__

    @property
    def travels(self) -> Travelling:
        """What travels of the function: source, globals, imports, as they were when it was defined."""
        return self._definition.travels

    @property
    def row(self) -> Row:
        """The middleware's row: kind, types, packages, defaults."""
        return self._definition.row

    def __call__(self, id: str = "", **options: Any) -> CustomStep:  # noqa: A002 - the field's word
        """Return a step.

        Parameters
        ----------
        id
            The node's id; the function's name with hyphens by default.
        options
            Those of every middleware: see `Step`.

        Raises
        ------
        OptionError
            With every option that is wrong, each with its mend.
        """
        where = place(id or self.row.kind)
        known = _OPTIONS - {"id"}
        faults = [unknown_option_fault(name, known, where) for name in sorted(options.keys() - known)]
        given = {name: value for name, value in options.items() if name in known}
        try:
            step = CustomStep(id, definition=self._definition, **given)
        except OptionError as error:
            raise OptionError((*faults, *error.faults)) from None
        if faults:
            raise OptionError(faults)
        return step

    def __repr__(self) -> str:
        """Return the middleware's kind and types."""
        row = self.row
        sends = "passes on" if row.part is Part.PASS_THROUGH else ", ".join(row.output_types)
        packages = f", packages {', '.join(row.packages)}" if row.packages else ""
        return f"<middleware {row.kind!r}: {', '.join(row.input_types)} -> {sends}{packages}>"


class MiddlewareDecorator:
    """What `middleware` returns: it waits for the function."""

    __slots__ = ("_options",)

    def __init__(self, options: Options) -> None:
        self._options = options

    def __call__(self, function: Callable[..., Any]) -> CustomMiddleware:
        """Return the middleware that the function makes.

        Raises
        ------
        TravelError
            With everything of it that cannot travel.
        OptionError
            If its name cannot be a node's id.
        """
        packages = self._options.packages
        travels = travelling(function, entry=_ENTRY, packages=packages, arguments=2, is_ours=_is_ours)
        kind = function.__name__.strip("_").lower().replace("_", "-")
        while "--" in kind:
            kind = kind.replace("--", "-")
        if faults := id_faults(kind, f"the name of the function {shown(function.__name__)}"):
            raise OptionError(faults)
        return CustomMiddleware(function, Definition(self._options.row(kind), travels, function.__name__))


@dataclass(frozen=True, slots=True)
class Options:
    """The options of `middleware`, checked."""

    input_types: tuple[str, ...]
    output_types: tuple[str, ...] | None
    packages: tuple[str, ...]
    memory_mib: int
    timeout: timedelta
    batch_size: int

    def row(self, kind: str) -> Row:
        """Return the row of a middleware of this kind."""
        return Row(
            kind=kind,
            part=Part.PASS_THROUGH if self.output_types is None else Part.TRANSFORMER,
            input_types=self.input_types,
            output_types=self.input_types if self.output_types is None else self.output_types,
            handler=_HANDLER,
            memory_mib=self.memory_mib,
            timeout=self.timeout,
            batch_size=self.batch_size,
            packages=self.packages,
        )


def middleware(
    *function: Callable[..., Any],
    input: str | Sequence[str] = (),  # noqa: A002 - the field's word
    output: str | Sequence[str] | None = (),
    packages: Sequence[str] = (),
    memory_mib: int = _DEFAULT_MEMORY_MIB,
    timeout: timedelta = _DEFAULT_TIMEOUT,
    batch_size: int = _DEFAULT_BATCH_SIZE,
) -> MiddlewareDecorator:
    """Make a middleware of a function ``f(doc, ctx)``; used as a decorator.

    The function returns or yields documents, made by ``ctx.document(...)``. With ``output=None`` it passes
    its document on, and returns what it found out: a mapping of metadata (or ``ctx.metadata(...)``), or
    None. It travels as source text, with the JSON values of the globals that it reads as they are now, the
    functions of the notebook that it calls, and the imports that it uses; ``.travels`` shows all of it.

    Parameters
    ----------
    input
        MIME types that it takes; ``"*/*"`` takes any.
    output
        MIME types that it sends, or None: it sends what it was sent.
    packages
        Exact requirements, such as ``["idna==3.10"]``, as wheels: nothing is compiled.
    memory_mib, timeout, batch_size
        Defaults of the options of the same name.

    Returns
    -------
    MiddlewareDecorator
        Takes the function, and returns what makes steps: ``count = lk.middleware(...)(f)``, then
        ``count("id", max_retries=3)``.

    Raises
    ------
    OptionError
        With every option that is wrong, each with its mend.
    """
    where = "lk.middleware(...)"
    if function:
        mend = 'write @lk.middleware(input="text/plain", output="application/json") above the function'
        raise OptionError(
            [Fault("lk.middleware was given a function, and needs its options first", where, mend)]
        )
    faults = [
        *_type_faults("input", input, where),
        *([] if output is None else _type_faults("output", output, where)),
        *requirement_faults(packages, where),
        *_default_faults(memory_mib, timeout, batch_size, where),
    ]
    if faults:
        raise OptionError(faults)
    pinned = tuple(map(str, exact_requirements(packages)))
    sent = None if output is None else _types(output)
    return MiddlewareDecorator(Options(_types(input), sent, pinned, memory_mib, timeout, batch_size))


def _is_ours(value: object) -> bool:
    return value is middleware or isinstance(value, MiddlewareDecorator | CustomMiddleware)


def _types(types: str | Sequence[str]) -> tuple[str, ...]:
    return tuple(sorted({normalize(one) for one in ([types] if isinstance(types, str) else types)}))


def _type_faults(name: str, types: object, where: str) -> list[Fault]:
    """Return what is wrong with MIME types."""
    listed = [types] if isinstance(types, str) else types
    if not isinstance(listed, (list, tuple)) or not listed:
        what = f"{name} is {shown(types)}" if listed else f"{name} is missing"
        mend = f'name the MIME types, such as {name}="text/plain" or {name}=["text/plain", "text/html"]'
        if name == "output":
            mend += "; None passes documents on"
        return [Fault(what, where, mend)]
    return [
        Fault(
            f"{name} holds {shown(one)}, which is no MIME type",
            where,
            'write it as "text/plain" or "image/*"',
        )
        for one in listed
        if not (isinstance(one, str) and is_pattern(one))
    ]


def _default_faults(memory_mib: Any, timeout: Any, batch_size: Any, where: str) -> list[Fault]:
    """Return what AWS would refuse in the defaults, as a step that has them would say it."""
    window, retention = timedelta(0), timedelta(days=1)
    is_duration = isinstance(timeout, timedelta)
    visibility = default_visibility_timeout(timeout, window) if is_duration else timedelta(hours=12)
    settings = Settings(memory_mib, timeout, 1, visibility, batch_size, window, None, retention)
    return settings_faults(settings, where)
