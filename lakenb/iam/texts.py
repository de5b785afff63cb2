"""What a template says once its intrinsic functions are resolved: text with holes that have names.

A physical name that CloudFormation will make is not known from the template; it stays a `Reference`, equal
to every other reference to the same thing. What cannot be resolved is `Unknown` and says why: it is never
empty, and never equal to anything that is known.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


@dataclass(frozen=True, slots=True, order=True)
class Reference:
    """A value that exists only once the stack does.

    Parameters
    ----------
    logical_id
        A resource, a parameter, or a pseudo parameter such as ``AWS::AccountId``.
    attribute
        The attribute of ``Fn::GetAtt``; empty for what ``Ref`` returns.
    """

    logical_id: str
    attribute: str = ""

    def __str__(self) -> str:
        """Return the reference as ``Fn::Sub`` writes it."""
        return "${" + ".".join(filter(None, (self.logical_id, self.attribute))) + "}"


@dataclass(frozen=True, slots=True, order=True)
class Unknown:
    """A value that this reader does not resolve, and the reason."""

    why: str

    def __str__(self) -> str:
        """Return a text that no name can be mistaken for."""
        return f"⟨unknown: {self.why}⟩"


Piece = str | Reference | Unknown


@dataclass(frozen=True, slots=True)
class Text:
    """A resolved value: literal text and holes, neighbouring literals joined.

    Examples
    --------
    >>> str(resolve({"Fn::Join": ["", [{"Fn::GetAtt": ["Store", "Arn"]}, "/in/*"]]}))
    '${Store.Arn}/in/*'
    """

    pieces: tuple[Piece, ...]

    @property
    def is_known(self) -> bool:
        """Whether every piece could be resolved."""
        return not any(isinstance(piece, Unknown) for piece in self.pieces)

    def __str__(self) -> str:
        """Return the text with its holes by name."""
        return "".join(map(str, self.pieces))


def text(pieces: Iterable[Piece]) -> Text:
    """Return the pieces as one value, in the one form that equal values have."""
    joined: list[Piece] = []
    for piece in pieces:
        if isinstance(piece, str) and joined and isinstance(joined[-1], str):
            joined[-1] += piece
        elif piece != "":
            joined.append(piece)
    return Text(tuple(joined))


def resolve(value: Any) -> Text:
    """Return a template's value as text: scalars, ``Ref``, ``Fn::GetAtt``, ``Fn::Sub`` and ``Fn::Join``.

    Any other value is `Unknown`, by name.
    """
    return text(_pieces(value))


def _pieces(value: Any) -> list[Piece]:
    match value:
        case str():
            return [value]
        case bool() | int() | float():
            return [str(value).lower()]
        case dict() if len(value) == 1:
            [(name, argument)] = value.items()
            return _function(name, argument)
        case _:
            return [Unknown(f"a {type(value).__name__} where a text belongs")]


def _function(name: Any, argument: Any) -> list[Piece]:
    pieces: list[Piece] = [Unknown(f"{name} is not resolved")]
    match name, argument:
        case "Ref", str(logical_id):
            pieces = [Reference(logical_id)]
        case "Fn::GetAtt", [str(logical_id), str(attribute)]:
            pieces = [Reference(logical_id, attribute)]
        case "Fn::GetAtt", str(path) if "." in path:
            pieces = [Reference(*path.split(".", 1))]
        case "Fn::Sub", str(pattern):
            pieces = _substituted(pattern, {})
        case "Fn::Sub", [str(pattern), dict(values)]:
            pieces = _substituted(pattern, values)
        case "Fn::Join", [str(between), list(values)]:
            pieces = _joined(between, values)
    return pieces


def _joined(between: str, values: list[Any]) -> list[Piece]:
    pieces: list[Piece] = []
    for index, value in enumerate(values):
        pieces += [between] if index else []
        pieces += _pieces(value)
    return pieces


def _substituted(pattern: str, values: Mapping[str, Any]) -> list[Piece]:
    """Return ``Fn::Sub``: ``${Name}``, ``${Name.Attribute}``, and ``${!literal}`` for a ``${literal}``."""
    pieces: list[Piece] = []
    rest = pattern
    while "${" in rest:
        before, rest = rest.split("${", 1)
        name, closed, rest = rest.partition("}")
        pieces.append(before)
        if not closed:
            return [*pieces, Unknown("Fn::Sub has a ${ that is not closed")]
        if name.startswith("!"):
            pieces.append("${" + name[1:] + "}")
        elif name in values:
            pieces += _pieces(values[name])
        else:
            pieces.append(Reference(*name.split(".", 1)))
    return [*pieces, rest]
