"""A cloud assembly as a value: what `synth` wrote, and where."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True, repr=False)
class Assembly:
    """A cloud assembly, ready for the CDK CLI.

    Parameters
    ----------
    directory
        The folder that holds it.
    stack_name
        The name of its one stack.
    template
        The stack's template, a file in the folder; the root's where there are nested ones.
    assets
        The functions' zips in the folder, sorted by name.
    warnings
        What the validator of CloudFormation templates warns of, a line each.
    seconds
        How long making it took.
    nested
        The templates of nested stacks, files in the folder; none where one stack holds the pipeline.
    """

    directory: Path
    stack_name: str
    template: Path
    assets: tuple[Path, ...]
    warnings: tuple[str, ...]
    seconds: float
    nested: tuple[Path, ...] = ()

    @property
    def size(self) -> int:
        """Bytes of the functions' zips together."""
        return sum(asset.stat().st_size for asset in self.assets)

    def __repr__(self) -> str:
        """Return where it lies, what it holds, and the commands that take it from there."""
        zips = "1 zip" if len(self.assets) == 1 else f"{len(self.assets)} zips"
        stacks = "1 nested stack" if len(self.nested) == 1 else f"{len(self.nested)} nested stacks"
        nested = f", {stacks}" if self.nested else ""
        lines = [
            f"<Assembly of stack {self.stack_name!r} in {self.directory}, {self.seconds:.2f} s>",
            f"  {self.template.name}{nested} and {zips}",
            *(f"  warning: {warning}" for warning in self.warnings),
            f"  cdk --app {quoted(str(self.directory))} diff",
            f"  cdk --app {quoted(str(self.directory))} deploy",
        ]
        return "\n".join(lines)


def quoted(path: str) -> str:
    """Return a path as one word of a shell's command."""
    from shlex import quote  # noqa: PLC0415 - for a repr alone

    return quote(path)
