"""What a part of a template refers to, and the same part with other references.

Source: AWS CloudFormation Template Reference, "Intrinsic functions": Ref, Fn::GetAtt and Fn::Sub name
resources; every other function holds only values that may hold these.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# ${!Literal} stands for itself
_VARIABLE = re.compile(r"\$\{([^!}][^}]*)\}")


@dataclass(frozen=True, slots=True, order=True)
class Reference:
    """What is referred to.

    Parameters
    ----------
    name
        A logical id, a parameter, or a pseudo parameter.
    attribute
        Which attribute ``Fn::GetAtt`` asks for; empty for ``Ref``.
    """

    name: str
    attribute: str = ""

    @classmethod
    def of(cls, text: str) -> Reference:
        """Return what ``Fn::Sub`` and the dotted ``Fn::GetAtt`` write.

        Examples
        --------
        >>> Reference.of("Inner.Outputs.Arn")
        Reference(name='Inner', attribute='Outputs.Arn')
        """
        name, _, attribute = text.partition(".")
        return cls(name, attribute)

    @property
    def value(self) -> dict[str, Any]:
        """The reference as a template writes it."""
        return {"Fn::GetAtt": [self.name, self.attribute]} if self.attribute else {"Ref": self.name}


def references(value: Any) -> Iterator[Reference]:
    """Yield every reference of a value, as often as it stands there.

    Examples
    --------
    >>> [str(one.name) for one in references({"Fn::Sub": ["${A}/${B.Arn}/${!C}", {"A": {"Ref": "D"}}]})]
    ['D', 'B']
    """
    found: list[Reference] = []

    def note(reference: Reference) -> None:
        found.append(reference)

    rewritten(value, note)
    yield from found


def rewritten(value: Any, instead: Callable[[Reference], Any]) -> Any:
    """Return a value in which references are replaced.

    Parameters
    ----------
    value
        A part of a template; it is not altered.
    instead
        Returns what stands instead of a reference, or None to leave it.

    Examples
    --------
    >>> rewritten({"Fn::Sub": "${A}-${B}"}, lambda one: {"Ref": "C"} if one.name == "A" else None)
    {'Fn::Sub': '${C}-${B}'}
    """
    match value:
        case list():
            return [rewritten(one, instead) for one in value]
        case {"Fn::Sub": str(text)} if len(value) == 1:
            return _substituted(text, {}, instead)
        case {"Fn::Sub": [str(text), dict(own)]} if len(value) == 1:
            return _substituted(text, own, instead)
        case dict():
            reference = _whole(value)
            if reference is None:
                return {key: rewritten(one, instead) for key, one in value.items()}
            found = instead(reference)
            return value if found is None else found
    return value


def _whole(value: dict[str, Any]) -> Reference | None:
    """Return the reference that a value is, and nothing beside it."""
    match value:
        case {"Ref": str(name)} if len(value) == 1:
            return Reference(name)
        case {"Fn::GetAtt": str(text)} if len(value) == 1:
            return Reference.of(text)
        case {"Fn::GetAtt": [str(name), str(attribute)]} if len(value) == 1:
            return Reference(name, attribute)
    return None


def _substituted(text: str, own: dict[str, Any], instead: Callable[[Reference], Any]) -> dict[str, Any]:
    """Return a ``Fn::Sub`` with its variables replaced: by another name, or by a variable of its own."""
    variables = {name: rewritten(one, instead) for name, one in own.items()}

    def replaced(match: re.Match[str]) -> str:
        if match[1] in own:
            return match[0]
        found = instead(Reference.of(match[1]))
        if found is None:
            return match[0]
        if isinstance(found, dict) and len(found) == 1 and isinstance(name := found.get("Ref"), str):
            return f"${{{name}}}"
        name = re.sub(r"\W", "", match[1])
        while name in variables and variables[name] != found:
            name += "x"
        variables[name] = found
        return f"${{{name}}}"

    written = _VARIABLE.sub(replaced, text)
    return {"Fn::Sub": [written, variables] if variables else written}
