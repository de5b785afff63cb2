"""Connectors: where documents end."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import Any, ClassVar

from lakenb.catalog.places import prefix_faults
from lakenb.errors import Fault
from lakenb.graph.options import shown, wrong_type
from lakenb.graph.steps import Part, Row, Step, middleware

# Amazon S3 API Reference, CopyObject, x-amz-storage-class; those that can be read without a restore
STORAGE_CLASSES = ("STANDARD", "STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING", "GLACIER_IR")


@middleware
@dataclass(frozen=True, slots=True, repr=False)
class S3Storage(Step):
    """Copy every document, with its event as JSON, into a bucket of its own.

    Parameters
    ----------
    prefix
        Where in the bucket; literal text.
    copy_documents
        False stores the events only.
    storage_class
        Storage class of the copies.

    Notes
    -----
    Takes documents of any type and sends nothing. The copy is made by S3 itself; tags and user
    metadata of the original do not travel. All other parameters: see `Step`.
    """

    row: ClassVar[Row] = Row(
        kind="s3-storage",
        part=Part.CONNECTOR,
        input_types=("*/*",),
        output_types=(),
        handler="lakenb.runtime.handlers.s3_storage",
    )

    _: KW_ONLY
    prefix: str = ""
    copy_documents: bool = True
    storage_class: str = "STANDARD"

    def own_faults(self, where: str) -> list[Fault]:
        """Return what is wrong with prefix and storage class."""
        faults = prefix_faults("prefix", self.prefix, where)
        if self.storage_class not in STORAGE_CLASSES:
            what = f"storage_class is {shown(self.storage_class)}"
            faults.append(Fault(what, where, f"one of {', '.join(STORAGE_CLASSES)}"))
        if not isinstance(self.copy_documents, bool):
            faults.append(wrong_type("copy_documents", self.copy_documents, "True or False", where))
        return faults

    def own_options(self) -> dict[str, Any]:
        """Return the options that travel to the handler."""
        return {"copy_documents": self.copy_documents, "storage_class": self.storage_class}
