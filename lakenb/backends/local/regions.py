"""What S3 wants to be told of the region in which a bucket is made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lakenb.backends.local.seam import Emulator

_WITHOUT = "us-east-1"


def in_region(emulator: Emulator) -> dict[str, Any]:
    """Return what a CreateBucket call says beside the bucket's name.

    Source: Amazon S3 API Reference, CreateBucket: a location constraint everywhere but in us-east-1.
    """
    if emulator.region == _WITHOUT:
        return {}
    return {"CreateBucketConfiguration": {"LocationConstraint": emulator.region}}
