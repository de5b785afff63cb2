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
    leaves_out
        Files of packages that the handler never opens, as ``(package, pattern of paths in the zip)``: the
        function would be too large with them. In a pattern ``*`` stands for any text, slashes too.
    """

    handler: str
    packages: tuple[str, ...] = ()
    sources: tuple[tuple[str, str], ...] = ()
    leaves_out: tuple[tuple[str, str], ...] = ()
