"""What a function's code is made of, as a value: enough to name its zip without building it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Code:
    """A function's code.

    Parameters
    ----------
    handler
        Dotted name of the handler's module.
    packages
        Exact requirements of what the handler stands on, such as ``"pypdfium2==5.2.0"``.
    sources
        Files of the user's own, as ``(path in the zip, text)``.
    """

    handler: str
    packages: tuple[str, ...] = ()
    sources: tuple[tuple[str, str], ...] = ()
