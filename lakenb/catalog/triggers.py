"""Triggers: where documents come from."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, ClassVar, Protocol

from lakenb.catalog.places import bucket_name_faults, key_part_faults, prefix_faults
from lakenb.graph.steps import Part, Row, Step, middleware

if TYPE_CHECKING:
    from lakenb.errors import Fault


class NamedBucket(Protocol):
    """Whatever has the name of a bucket, such as a bucket of CDK."""

    @property
    def bucket_name(self) -> str:
        """The bucket's name."""
        ...


@middleware
@dataclass(frozen=True, slots=True, repr=False)
class S3Trigger(Step):
    """Begin a pipeline with every object that arrives in a bucket: one of its own, or a given one.

    Parameters
    ----------
    bucket
        The name of a bucket that exists, or a bucket of CDK, whose name is taken. Its uploads come by an
        EventBridge rule. Without it the pipeline makes a bucket.
    prefix, suffix
        Only keys that begin and end so. Both are literal text: a ``*`` in them is a star. What is read
        downstream is bounded by them too.

    Notes
    -----
    Sends events for documents of any type. The type is taken from the key's extension, else from the
    object's content type, else from its first bytes, else it is ``application/octet-stream``.

    A given bucket lies in the pipeline's account and region, and its owner lets it send its events to
    EventBridge. The pipeline changes nothing of it: its encryption, its lifecycle and its policy, refusal
    of plain http included, stay its owner's. If it is encrypted with a customer managed key, the
    pipeline's roles must be allowed to use that key by its owner.

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
    bucket: str | NamedBucket | None = None
    prefix: str = ""
    suffix: str = ""

    def __post_init__(self) -> None:
        """Keep a bucket's name instead of the bucket, so that the step stays a value."""
        name = getattr(self.bucket, "bucket_name", None)
        if isinstance(name, str):
            object.__setattr__(self, "bucket", name)
        Step.__post_init__(self)

    def own_faults(self, where: str) -> list[Fault]:
        """Return what is wrong with bucket, prefix and suffix."""
        faults = [] if self.bucket is None else bucket_name_faults("bucket", self.bucket, where)
        return [
            *faults,
            *prefix_faults("prefix", self.prefix, where),
            *key_part_faults("suffix", self.suffix, where),
        ]
