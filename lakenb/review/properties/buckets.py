"""P1 and P2 of buckets: no way to the documents but by policies, and no bucket for two."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from lakenb.iam.proof.values import Verdict
from lakenb.review.properties.reading import Said, said, whole, worst
from lakenb.review.properties.surroundings import CACHE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lakenb.iam.stacks.world import Resource
    from lakenb.review.properties.surroundings import Surroundings
    from lakenb.review.properties.values import PropertyResult

_BLOCKS = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")
# What a bucket may say that hands its objects to others without a policy of the bucket.
_WAYS_OUT = {
    "AccessControl": "a canned ACL",
    "WebsiteConfiguration": "a website",
    "ReplicationConfiguration": "replication into another bucket",
    "AnalyticsConfigurations": "analytics that are exported",
    "InventoryConfigurations": "inventories that are exported",
    "MetadataTableConfiguration": "a table of the objects' metadata",
    "MetadataConfiguration": "a table of the objects' metadata",
}
_EVERY_BUCKET = ("s3://", "s3://*")
_HARMLESS_ACLS = ("Private", "BucketOwnerFullControl")
# Amazon S3 User Guide, "Managing access with access points" and "S3 Access Grants": ways to objects beside
# the bucket's own name, each with a policy or grants of its own.
_SIDE_DOORS = {
    "AWS::S3::AccessPoint": ("Bucket",),
    "AWS::S3::MultiRegionAccessPoint": ("Regions",),
    "AWS::S3ObjectLambda::AccessPoint": ("ObjectLambdaConfiguration", "SupportingAccessPoint"),
    "AWS::S3::AccessGrantsLocation": ("LocationScope",),
}


def bucket_doors(around: Surroundings, logical_id: str) -> Iterator[PropertyResult]:
    """Return the results of P1 for a bucket of the pipeline: a store, or the cache."""
    bucket = around.resource(logical_id)
    if bucket is not None:
        yield _blocked(around, bucket)
        yield _owned(around, bucket)
        yield _no_way_out(around, bucket)


def own_stores(around: Surroundings) -> Iterator[PropertyResult]:
    """Return the results of P2: each node's store is its alone, and the cache is nobody's."""
    sharing = _sharing(around)
    for name, node in around.found.nodes.items():
        if not node.store_arn:
            continue
        others = sorted(sharing[node.store_arn] - {name})
        with_whom = _and(others)
        text = f"the bucket of '{name}' is the store of no other node, and not the cache"
        verdict = Verdict.FAILED if others else Verdict.PROVED
        bucket = around.word(node.store_arn)
        evidence = (
            f"{bucket} is also the store of {with_whom}" if others else f"{bucket} is named by no other node"
        )
        place = whole(node.store)
        mend = f"give '{name}' a bucket of its own"
        yield around.result("P2", name, text, verdict, place, mend, evidence=evidence)


def _sharing(around: Surroundings) -> Mapping[str, set[str]]:
    """Return by bucket who uses it. Triggers on one given bucket read it side by side: nobody puts there."""
    found = around.found
    receiving = {consumer for _, consumer in found.edges}
    used: dict[str, set[str]] = defaultdict(set)
    for name, node in found.nodes.items():
        if node.store_arn:
            used[node.store_arn].add(name)
    for names in used.values():
        if not any(found.nodes[name].store for name in names) and not names & receiving:
            names.clear()
    if found.cache_arn in used:
        used[found.cache_arn].add(CACHE)
    return used


def _blocked(around: Surroundings, bucket: Resource) -> PropertyResult:
    block = said(bucket, "PublicAccessBlockConfiguration")
    flags = [block.at(name) for name in _BLOCKS]
    verdicts = [flag.equals(wanted=True) for flag in flags]
    verdict = worst(verdicts)
    place = block if verdict is Verdict.PROVED else flags[verdicts.index(verdict)]
    mend = f"set all four of {', '.join(_BLOCKS)} to true"
    return around.result(
        "P1", around.subject(bucket.logical_id), "the bucket cannot become public", verdict, place, mend
    )


def _owned(around: Surroundings, bucket: Resource) -> PropertyResult:
    # Amazon S3 User Guide, "Controlling ownership of objects": BucketOwnerEnforced turns ACLs off. It is the
    # default of new buckets since 2023; here the template has to say it.
    rules = said(bucket, "OwnershipControls", "Rules")
    place = rules.at(0, "ObjectOwnership")
    verdict = place.equals("BucketOwnerEnforced")
    text = "ACLs are off in the bucket: nobody is let in beside the policies"
    mend = "set OwnershipControls with ObjectOwnership BucketOwnerEnforced"
    return around.result("P1", around.subject(bucket.logical_id), text, verdict, place, mend)


def _no_way_out(around: Surroundings, bucket: Resource) -> PropertyResult:
    text = "no website, ACL, copy or access point leads to the documents beside the policies"
    subject = around.subject(bucket.logical_id)
    for place, mend in (*_ways_out(bucket), *_side_doors(around, bucket)):
        verdict = Verdict.FAILED if place.is_known else Verdict.UNDECIDED
        return around.result("P1", subject, text, verdict, place, mend)
    place = whole(bucket.logical_id)
    evidence = f"none of {', '.join(_WAYS_OUT)}; no access point or access grant names the bucket"
    return around.result("P1", subject, text, Verdict.PROVED, place, "", evidence=evidence)


def _ways_out(bucket: Resource) -> Iterator[tuple[Said, str]]:
    for name, what in _WAYS_OUT.items():
        place = said(bucket, name)
        is_harmless = place.value == [] or (name == "AccessControl" and place.value in _HARMLESS_ACLS)
        if place.is_there and not is_harmless:
            yield place, f"leave out {name}: it is {what}"


def _side_doors(around: Surroundings, bucket: Resource) -> Iterator[tuple[Said, str]]:
    for name, steps in _SIDE_DOORS.items():
        for door in around.of_type(name):
            place = said(door, *steps)
            is_everywhere = place.value in _EVERY_BUCKET
            if not place.is_known or is_everywhere or bucket.ref in str(place.value):
                yield place, f"leave {door.logical_id} out, or name no bucket of the pipeline there"


def _and(names: list[str]) -> str:
    return " and ".join(f"'{name}'" for name in names)
