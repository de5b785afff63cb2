"""A function's source text, taken from the cell or the file in which it stands, and what it reads."""

from __future__ import annotations

import ast
import copy
import inspect
import symtable
from dataclasses import dataclass, field
from types import CodeType, FunctionType
from typing import TYPE_CHECKING, Any

from lakenb.errors import Fault, TravelError
from lakenb.graph.options import shown

if TYPE_CHECKING:
    from collections.abc import Iterator

LAMBDA = "<lambda>"
_Definition = ast.FunctionDef | ast.Lambda
# What `compile` takes of a code object's flags: the features that its cell imported from the future.
_FUTURE_FLAGS = 0x0FFE0000


@dataclass(frozen=True, slots=True)
class Source:
    """A function as it is written.

    Parameters
    ----------
    name
        The function's own name.
    text
        Its definition alone, without decorators, at the margin. Comments in it stay.
    tree
        The same, parsed; its lines count from the start of the text.
    decorators
        The expressions above it, outermost first.
    """

    name: str
    text: str
    tree: _Definition = field(compare=False)
    decorators: tuple[ast.expr, ...] = field(default=(), compare=False)

    def where(self, line: int | None = None) -> str:
        """Return how messages name a place in the function."""
        if line is None:
            return f"function {shown(self.name)}"
        written = self.text.splitlines()[line - 1].strip()
        return f"function {shown(self.name)}, line {line} of it: {written[:80]}"

    def line_of(self, name: str) -> int:
        """Return the first line that names a thing."""
        nodes = ast.walk(self.tree)
        return min(
            (node.lineno for node in nodes if isinstance(node, ast.Name) and node.id == name), default=1
        )


def source_of(function: FunctionType) -> Source:
    """Return a function's source.

    Raises
    ------
    TravelError
        If the source cannot be seen, or is not what runs.
    """
    try:
        lines, _ = inspect.findsource(function)
    except OSError:
        what = f"the source of {shown(function.__name__)} cannot be seen"
        mend = (
            "write it in a notebook's cell (without a magic such as %%time at its top) or in a file; "
            "a plain Python prompt keeps no source"
        )
        raise _refusal(function, what, mend) from None
    try:
        whole = ast.parse("".join(lines))
    except SyntaxError:
        raise _changed(function) from None
    if function.__code__.co_name == LAMBDA:
        return _lambda_source(function, whole, "".join(lines))
    for node in ast.walk(whole):
        if isinstance(node, ast.FunctionDef) and _is_at(node, function.__code__):
            text = _at_margin(node, lines)
            if not _is_what_runs(text, whole, function):
                break
            return Source(node.name, text, _parsed(text), tuple(node.decorator_list))
    raise _changed(function)


def names_read(tree: _Definition) -> set[str]:
    """Return the names that a function takes from outside itself: from its module, or built in.

    Annotations are left out: where the function goes, they are not evaluated.
    """
    return {name for name, symbol in _outer_symbols(tree) if symbol.is_referenced()}


def names_written(tree: _Definition) -> set[str]:
    """Return the names outside itself that a function sets."""
    return {name for name, symbol in _outer_symbols(tree) if symbol.is_declared_global()
            and symbol.is_assigned()}  # fmt: skip


def modules_imported(tree: _Definition) -> Iterator[tuple[str, int]]:
    """Return the modules that a function itself imports, with their lines; a relative one has dots first."""
    for node in ast.walk(tree):
        match node:
            case ast.Import():
                yield from ((alias.name, node.lineno) for alias in node.names)
            case ast.ImportFrom():
                yield "." * node.level + (node.module or ""), node.lineno
            case _:
                pass


def texts_within(tree: _Definition) -> Iterator[tuple[str, int]]:
    """Return the literal texts in a function, each with its line."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value, node.lineno


def attribute_chains(tree: _Definition, name: str) -> set[tuple[str, ...]]:
    """Return the attributes that are read one after the other from a name: b and c of ``a.b.c``."""
    found: set[tuple[str, ...]] = set()
    for node in ast.walk(tree):
        chain: list[str] = []
        inner: Any = node
        while isinstance(inner, ast.Attribute):
            chain.append(inner.attr)
            inner = inner.value
        if chain and isinstance(inner, ast.Name) and inner.id == name:
            found.add(tuple(reversed(chain)))
    return found


def _outer_symbols(tree: _Definition) -> Iterator[tuple[str, symtable.Symbol]]:
    """Return the symbols of a function, and of the scopes in it, that belong to its module."""
    bare = _Unannotated().visit(copy.deepcopy(tree))
    own = tree.name if isinstance(tree, ast.FunctionDef) else None
    top = symtable.symtable(ast.unparse(ast.fix_missing_locations(bare)), "<function>", "exec")
    # at the top stand the defaults
    yield from ((symbol.get_name(), symbol) for symbol in top.get_symbols() if symbol.get_name() != own)
    tables = list(top.get_children())
    while tables:
        table = tables.pop()
        tables += table.get_children()
        yield from ((symbol.get_name(), symbol) for symbol in table.get_symbols() if symbol.is_global())


class _Unannotated(ast.NodeTransformer):
    """Takes annotations away, and the decorators of the outermost function."""

    def __init__(self) -> None:
        self._is_outermost = True

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        if self._is_outermost:
            node.decorator_list = []
        self._is_outermost = False
        node.returns = None
        return self.generic_visit(node)

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.annotation = None
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        node.annotation = ast.Constant(None)  # the statement stays: it makes the name a local one
        return self.generic_visit(node)


def _is_at(node: ast.FunctionDef, code: CodeType) -> bool:
    """Return whether a definition is where a code object says that it begins."""
    first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
    return node.name == code.co_name and first == code.co_firstlineno


def _at_margin(node: ast.FunctionDef, lines: list[str]) -> str:
    """Return a definition's text moved to the margin; lines within a literal text stay as they are."""
    end = node.end_lineno or node.lineno
    within = {
        line
        for inner in ast.walk(node)
        if isinstance(inner, ast.Constant | ast.JoinedStr) and inner.end_lineno is not None
        for line in range(inner.lineno + 1, inner.end_lineno + 1)
    }
    numbered = enumerate(lines[node.lineno - 1 : end], start=node.lineno)
    moved = (line if number in within else _moved(line, node.col_offset) for number, line in numbered)
    return "".join(line.rstrip("\r\n") + "\n" for line in moved)


def _moved(line: str, margin: int) -> str:
    """Return a line moved to the left; a comment may have begun left of the margin."""
    if not line[:margin].strip():
        return line[margin:].lstrip(" \t") if not line.strip() else line[margin:]
    return line.lstrip() if line.lstrip().startswith("#") else line


def _parsed(text: str) -> ast.FunctionDef:
    (node,) = ast.parse(text).body
    if not isinstance(node, ast.FunctionDef):
        raise TypeError(text)
    return node


def _lambda_source(function: FunctionType, whole: ast.Module, text: str) -> Source:
    """Return the source of a lambda: the innermost one that spans what its code says of its place."""
    code = function.__code__
    places = [
        ((line, column), (end_line, end_column))
        for line, end_line, column, end_column in code.co_positions()
        if line and end_line and end_column and column is not None
    ]
    found = [
        node
        for node in ast.walk(whole)
        if isinstance(node, ast.Lambda)
        and places
        and all(_span(node.body)[0] <= start and end <= _span(node.body)[1] for start, end in places)
    ]
    written = ast.get_source_segment(text, max(found, key=lambda node: _span(node)[0])) if found else None
    if written is None or not _is_what_runs(f"(\n{written}\n)", whole, function):
        raise _changed(function)
    (statement,) = ast.parse(f"(\n{written}\n)").body
    if not isinstance(statement, ast.Expr) or not isinstance(statement.value, ast.Lambda):
        raise _changed(function)
    return Source(LAMBDA, f"(\n{written}\n)\n", statement.value)


def _span(node: ast.expr) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return where an expression begins and ends."""
    return (node.lineno, node.col_offset), (node.end_lineno or 0, node.end_col_offset or 0)


def _is_what_runs(text: str, whole: ast.Module, function: FunctionType) -> bool:
    """Return whether a text compiles to a function's code.

    Alone, or as a part of its file: Python compiles a call of what the file imports in a way of its own,
    and IPython compiles each statement of a cell alone.
    """
    code = function.__code__
    flags = code.co_flags & _FUTURE_FLAGS | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    for unit in (text, whole):
        try:
            compiled = compile(unit, "<function>", "exec", flags=flags, dont_inherit=True)
        except SyntaxError:
            continue
        if any(one.co_name == code.co_name and _is_same(one, code) for one in _codes(compiled)):
            return True
    return False


def _codes(code: CodeType) -> Iterator[CodeType]:
    """Return the code objects within one."""
    for one in code.co_consts:
        if isinstance(one, CodeType):
            yield one
            yield from _codes(one)


def _is_same(left: object, right: object) -> bool:
    """Return whether two code objects do the same; where they stand does not count."""
    if not (isinstance(left, CodeType) and isinstance(right, CodeType)):
        return type(left) is type(right) and repr(left) == repr(right)
    names = ("co_code", "co_names", "co_varnames", "co_freevars", "co_cellvars", "co_name", "co_argcount")
    return (
        all(getattr(left, name) == getattr(right, name) for name in names)
        and len(left.co_consts) == len(right.co_consts)
        and all(map(_is_same, left.co_consts, right.co_consts))
    )


def _changed(function: FunctionType) -> TravelError:
    name = shown(function.__name__)
    what = f"the source of {name} is not what runs: its file has changed, or a tool rewrote it"
    return _refusal(function, what, "run the cell again; after a change of a file, restart the kernel")


def _refusal(function: FunctionType, what: str, mend: str) -> TravelError:
    return TravelError([Fault(what, f"function {shown(function.__name__)}", mend)])
