"""A function of the user's own as it travels: its source, the values it reads, the modules it imports.

Nothing is pickled and nothing is run. Functions of the same notebook that it calls travel with it; whatever
else it takes from the notebook must be a JSON value or something that can be imported where it goes.
"""

from __future__ import annotations

import ast
import difflib
import inspect
import json
import re
from dataclasses import dataclass
from types import FunctionType, ModuleType
from typing import TYPE_CHECKING, Any

from lakenb.catalog.travel.imports import builtin_refusal, import_of, module_imports, module_refusal
from lakenb.catalog.travel.source import (
    LAMBDA,
    Source,
    attribute_chains,
    modules_imported,
    names_read,
    names_written,
    source_of,
    texts_within,
)
from lakenb.catalog.travel.values import literal, secret_within, to_json, value_refusal
from lakenb.errors import Fault, TravelError
from lakenb.graph.options import shown
from lakenb.graph.requirements import exact_requirements

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from lakenb.catalog.travel.values import Refusal

USER_MODULE = "lakenb_user"
# All of it is shown to people, and is read and compiled whenever a function starts.
LARGEST_CHARACTERS = 2**20
# What IPython keeps of earlier cells: it changes with every cell that runs.
_HISTORY = re.compile(r"_+|_i+|_i?\d+|_[oid]h|In|Out")
_IS_ASYNCHRONOUS = inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR


@dataclass(frozen=True, slots=True, repr=False)
class Travelling:
    """What travels of a function.

    Parameters
    ----------
    name
        The function's own name.
    source
        Its source text, after that of the functions that it calls.
    globals_json
        The values of the globals that all of them read, as a JSON object.
    imports
        The lines that import the modules that they use, sorted.
    """

    name: str
    source: str
    globals_json: str
    imports: tuple[str, ...]

    def module(self, entry: str) -> str:
        """Return the text of the module that all this makes, in which the function is also called `entry`."""
        values = json.loads(self.globals_json)
        parts = [
            # annotations are not evaluated: what they name need not travel
            "from __future__ import annotations\n",
            "".join(f"{line}\n" for line in self.imports),
            "".join(f"{name} = {literal(values[name])}\n" for name in sorted(values)),
            self.source,
            "" if self.name == entry else f"{entry} = {self.name}\n",
        ]
        return "\n".join(part for part in parts if part)

    def __repr__(self) -> str:
        """Return source, globals and imports, as they travel."""
        imports = "".join(f"{line}\n" for line in self.imports) or "none\n"
        return f"imports:\n{imports}\nglobals:\n{self.globals_json}\n\nsource:\n{self.source}"


def travelling(
    function: Callable[..., Any],
    *,
    entry: str = "handle",
    packages: Iterable[str] = (),
    arguments: int | None = None,
    is_ours: Callable[[object], bool] = lambda _: False,
) -> Travelling:
    """Return what travels of a function, read now: a later change of a global does not change it.

    Parameters
    ----------
    function
        A plain function of a notebook's cell or a file. A lambda may read no value of the notebook.
    entry
        What the function is called where it goes (`Travelling.module`); a lambda has no other name.
    packages
        Exact requirements of the packages that it brings.
    arguments
        How many arguments it is called with.
    is_ours
        Whether a thing is a decorator of ours, which is left out of the source, or what one made.

    Raises
    ------
    TravelError
        With everything that cannot travel: what, in which function and line, and how to mend it.
    """
    if type(function) is not FunctionType:
        what = f"{shown(function)} is no plain function"
        raise TravelError([Fault(what, "a function of your own", "define it with def, in a cell or a file")])
    brought = frozenset(requirement.name for requirement in exact_requirements(packages))
    luggage = _Luggage(function, entry, brought, is_ours)
    luggage.check_call(arguments)
    return luggage.packed()


class _Luggage:
    """What is found on the way from a function to all that it reads."""

    def __init__(
        self, root: FunctionType, entry: str, packages: frozenset[str], is_ours: Callable[[object], bool]
    ) -> None:
        self._root = root
        self._root_name = root.__code__.co_name
        self._is_ours = is_ours
        self._entry = entry
        self._packages = packages
        self._globals: Mapping[str, Any] = root.__globals__
        self._sources: dict[str, Source] = {}  # in the order in which they must stand
        self._begun: set[str] = set()
        self._values: dict[str, Any] = {}
        self._imported: dict[str, str] = {}
        self._modules: dict[str, ModuleType] = {}
        self._chains: dict[str, set[tuple[str, ...]]] = {}  # what is read from each module, by all functions
        self._faults: list[Fault] = []

    def check_call(self, arguments: int | None) -> None:
        """Find out whether the function can be called as it will be."""
        name = self._root_name
        if self._root.__code__.co_flags & _IS_ASYNCHRONOUS:
            what = f"{shown(name)} is asynchronous, and nothing awaits it"
            raise TravelError([Fault(what, f"function {shown(name)}", "define it with def, not async def")])
        if arguments is None:
            return
        signature = inspect.signature(self._root)
        try:
            signature.bind(*[None] * arguments)
        except TypeError as error:
            what = f"{shown(name)} is called with {arguments} arguments, and takes {signature}: {error}"
            takes = f"let it take {arguments} arguments, with defaults for any more"
            self._faults.append(Fault(what, f"function {shown(name)}", takes))

    def packed(self) -> Travelling:
        """Return all of it."""
        self._pack(self._root)
        where = f"function {shown(self._root_name)}"
        taken = {*self._values, *self._begun, *self._modules, *self._imported} - {self._root_name}
        if self._entry in taken:
            what = f"{shown(self._root_name)} reads {self._entry}, which is its own name where it goes"
            self._faults.append(Fault(what, where, f"give {self._entry} another name"))
        if self._faults:
            raise TravelError(self._faults)
        imports = set(self._imported.values())
        for alias, module in self._modules.items():
            imports |= module_imports(alias, module, self._chains[alias])
        name = self._entry if self._root_name == LAMBDA else self._root_name
        source = "\n\n".join(self._sources[one].text for one in self._sources)
        made = Travelling(name, source, to_json(self._values), tuple(sorted(imports)))
        length = len(made.module(self._entry))
        if length > LARGEST_CHARACTERS:
            what = (
                f"{shown(name)} and what it reads have {length:,} characters; {LARGEST_CHARACTERS:,} travel"
            )
            mend = "read so much from a document, or put it into a package of its own"
            raise TravelError([Fault(what, where, mend)])
        return made

    def _pack(self, function: FunctionType) -> None:
        """Take in a function, after those that it calls."""
        self._begun.add(function.__code__.co_name)
        try:
            source = source_of(function)
        except TravelError as error:
            self._faults += error.faults
            return
        is_lambda = source.name == LAMBDA
        if function.__code__.co_freevars:
            names = ", ".join(function.__code__.co_freevars)
            what = f"{shown(source.name)} reads {names} of the function around it, which does not travel"
            self._fault(
                source,
                what,
                "give the value to a global of the notebook, or define it inside",
                names.split(",")[0],
            )
        self._check_text(source)
        for name in sorted(names_read(source.tree) - set(function.__code__.co_freevars)):
            self._take(source, name, is_lambda=is_lambda)
        if is_lambda:
            source = Source(self._entry, f"{self._entry} = {source.text}", source.tree)
        self._sources[source.name] = source

    def _check_text(self, source: Source) -> None:
        """Find what the text itself says that cannot be."""
        for decorator in source.decorators:
            if not self._is_ours(self._value_of(decorator)):
                what = f"{shown(source.name)} has a decorator, which does not travel"
                self._faults.append(
                    Fault(what, source.where(), "leave it out, or do inside the function what it does")
                )
        for name in sorted(names_written(source.tree)):
            what = (
                f"{shown(source.name)} sets the global {name}, and each invocation may run in another process"
            )
            self._fault(source, what, "return or yield what it found", name)
        for module, line in modules_imported(source.tree):
            if refusal := module_refusal(module, self._packages):
                self._refuse(source, refusal, line)
        for text, line in texts_within(source.tree):
            if reason := secret_within(text):
                where = f"function {shown(source.name)}, line {line} of it"  # which is not quoted
                what = f"{shown(source.name)}: it holds {reason}"
                self._faults.append(Fault(what, where, "keep it in a secret store, never in code"))

    def _value_of(self, decorator: ast.expr) -> object:
        """Return what a decorator's name stands for, without calling it."""
        target = decorator.func if isinstance(decorator, ast.Call) else decorator
        chain: list[str] = []
        while isinstance(target, ast.Attribute):
            chain.append(target.attr)
            target = target.value
        value: object = self._globals.get(target.id) if isinstance(target, ast.Name) else None
        for attribute in reversed(chain):
            value = vars(value).get(attribute) if isinstance(value, ModuleType) else None
        return value

    def _take(self, source: Source, name: str, *, is_lambda: bool) -> None:
        """Take in what a name stands for, or say why it cannot travel."""
        if name in self._begun or name in self._values:
            return
        if name == self._root_name:
            return  # it calls itself
        if name not in self._globals:
            self._take_builtin(source, name)
            return
        if _HISTORY.fullmatch(name) or (name.startswith("__") and name.endswith("__")):
            what = f"it reads {name}, which is not the notebook's own and changes with where it runs"
            self._refuse(source, (what, "keep what it holds under a name of your own"), source.line_of(name))
            return
        value = self._globals[name]
        if isinstance(value, ModuleType):
            self._take_module(source, name, value)
        elif type(value) is FunctionType and value.__globals__ is self._globals:
            self._take_function(source, name, value)
        elif (found := import_of(name, value)) is not None and found[0] != self._globals.get("__name__"):
            refusal = module_refusal(found[0], self._packages)
            if refusal:
                self._refuse(source, refusal, source.line_of(name))
            self._imported[name] = found[1]
        elif refusal := self._object_refusal(name, value, is_lambda=is_lambda):
            self._refuse(source, refusal, source.line_of(name))
        else:
            self._values[name] = value

    def _take_builtin(self, source: Source, name: str) -> None:
        try:
            refusal = builtin_refusal(name)
        except LookupError:
            known = [one for one in self._globals if not one.startswith("_")]
            near = difflib.get_close_matches(name, known, n=1)
            mend = f"did you mean {near[0]}?" if near else f"define {name} in a cell above this one"
            refusal = f"it reads {name}, which is not defined", mend
        if refusal:
            self._refuse(source, refusal, source.line_of(name))

    def _take_module(self, source: Source, name: str, module: ModuleType) -> None:
        if refusal := module_refusal(module.__name__, self._packages):
            self._refuse(source, refusal, source.line_of(name))
            return
        self._modules[name] = module
        self._chains.setdefault(name, set()).update(attribute_chains(source.tree, name))

    def _take_function(self, source: Source, name: str, function: FunctionType) -> None:
        """Take in a function of the same notebook."""
        refusal: Refusal | None = None
        if function.__code__.co_name == LAMBDA:
            refusal = f"it uses {name}, which is a lambda", f"write it as def {name}(...): ..."
        elif (own := function.__code__.co_name) != name:
            what = f"it uses {name}, which is the function {own} under another name"
            refusal = what, f"call {own}, or define it as {name}"
        if refusal:
            self._refuse(source, refusal, source.line_of(name))
        else:
            self._pack(function)

    def _object_refusal(self, name: str, value: Any, *, is_lambda: bool) -> Refusal | None:
        """Return why an object cannot travel, or None for a value that can."""
        if self._is_ours(value):
            what = f"it uses {name}, which is a middleware"
            return what, "put what both need into a plain function, and call it from both"
        if isinstance(value, type):
            what = f"it uses {name}, a class of the notebook"
            return what, "define the class inside the function, or use a dict"
        refusal = value_refusal(name, value)
        if refusal:
            return f"it reads {refusal[0]}", refusal[1]
        if is_lambda:
            what = f"it reads the global {name}, and a lambda takes no values along"
            return what, "write it as a def: the value then travels with it, and can be seen"
        return None

    def _refuse(self, source: Source, refusal: Refusal, line: int) -> None:
        what, mend = refusal
        called = "the lambda" if source.name == LAMBDA else shown(source.name)
        self._faults.append(Fault(f"{called}: {what}", source.where(line), mend))

    def _fault(self, source: Source, what: str, mend: str, name: str) -> None:
        self._faults.append(Fault(what, source.where(source.line_of(name)), mend))
