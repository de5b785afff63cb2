"""Triggers: where documents come from."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, ClassVar

from lakenb.catalog.places import key_part_faults, prefix_faults
from lakenb.graph.steps import Part, Row, Step, middleware

if TYPE_CHECKING:
    from lakenb.errors import Fault


@middleware
@dataclass(frozen=True, slots=True, repr=False)
class S3Trigger(Step):
    """Begin a pipeline with every object that arrives in a bucket of its own.

    Parameters
    ----------
    prefix, suffix
        Only keys that begin and end so. Both are literal text: a ``*`` in them is a star. What is read
        downstream is bounded by them too.

    Notes
    -----
    Sends events for documents of any type. The type is taken from the key's extension, else from the
    object's content type, else from its first bytes, else it is ``application/octet-stream``.
    All other parameters: see `Step`.
    """

    row: ClassVar[Row] = Row(
        kind="s3-trigger",
        part=Part.TRIGGER,
        input_types=(),
        output_types=("*/*",),
        handler="lakenb.runtime.handlers.s3_trigger",
        memory_mib=128,
        timeout=timedelta(seconds=30),
        batch_size=10,
    )

    _: KW_ONLY
    prefix: str = ""
    suffix: str = ""

    def own_faults(self, where: str) -> list[Fault]:
        """Return what is wrong with prefix and suffix."""
        return [*prefix_faults("prefix", self.prefix, where), *key_part_faults("suffix", self.suffix, where)]
