"""Middlewares that open archives."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from lakenb.catalog.bounds import bound_faults
from lakenb.graph.steps import Part, Row, Step, middleware

if TYPE_CHECKING:
    from lakenb.errors import Fault

# AWS Lambda quotas: /tmp has 512 MB, where the archive lies while it is read. Nothing deflated grows more
# than 1032 times.
_MOST = {
    "max_archive_bytes": 448 * 2**20,
    "max_files": 100_000,
    "max_file_bytes": 2**40,
    "max_total_bytes": 2**40,
    "max_ratio": 1032,
}


@middleware
@dataclass(frozen=True, slots=True, repr=False)
class ZipInflate(Step):
    """Make a document of every file in a zip archive.

    Parameters
    ----------
    max_archive_bytes
        Longest archive.
    max_files
        Most entries, folders included.
    max_file_bytes, max_total_bytes
        Longest file, and most bytes of all files together.
    max_ratio
        How many times longer a file may be than in the archive; files up to 1 MiB may always.

    Notes
    -----
    Takes ``application/zip`` and sends documents of any type, told by their names, else by their first bytes.
    An archive that is beyond a bound, damaged, encrypted or made to harm (a name that leads out of it, two
    files of one name, files that share bytes) fails as a whole; folders, links and devices are left out. An
    archive within is a document like any other. All other parameters: see `Step`.
    """

    row: ClassVar[Row] = Row(
        kind="zip-inflate",
        part=Part.TRANSFORMER,
        input_types=("application/zip",),
        output_types=("*/*",),
        handler="lakenb.runtime.handlers.zip_inflate",
        memory_mib=512,
        timeout=timedelta(seconds=900),
        batch_size=1,
    )

    _: KW_ONLY
    max_archive_bytes: int = 384 * 2**20
    max_files: int = 10_000
    max_file_bytes: int = 512 * 2**20
    max_total_bytes: int = 2**30
    max_ratio: int = 200

    def own_faults(self, where: str) -> list[Fault]:
        """Return what is wrong with the bounds."""
        return bound_faults(self, _MOST, where)

    def own_options(self) -> dict[str, Any]:
        """Return the options that travel to the handler."""
        return {name: getattr(self, name) for name in sorted(_MOST)}
