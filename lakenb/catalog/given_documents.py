"""Checks of the options that say where documents lie which nobody in the pipeline put there."""

from __future__ import annotations

import re
from urllib.parse import unquote, urlsplit

from lakenb.catalog.places import bucket_name_faults, prefix_faults
from lakenb.errors import Fault
from lakenb.graph.options import shown, wrong_type
from lakenb.graph.services import GivenPlace

_S3 = re.compile(r"s3://([^/]*)(?:/(.*))?", re.DOTALL)
_ARN = re.compile(r"arn:[a-z-]+:s3:::([^/]+)(?:/(.*))?", re.DOTALL)
# Amazon S3 User Guide, "Virtual hosting of general purpose buckets": both ways in which https names an object
_HOSTED = re.compile(r"(.+)\.s3[.-](?:[a-z0-9-]+\.)?amazonaws\.com(?:\.cn)?")
_BY_PATH = re.compile(r"s3[.-](?:[a-z0-9-]+\.)?amazonaws\.com(?:\.cn)?")
_WILDCARDS = "*?"


def place_of(url: str, *, is_one: bool = False) -> GivenPlace:
    """Return the place that a URL without fault names.

    Parameters
    ----------
    url
        ``s3://bucket/prefix``; what follows the bucket is literal text, not percent-encoded.
    is_one
        Whether it names one document.

    Examples
    --------
    >>> place_of("s3://contracts/2026/").prefix
    '2026/'
    """
    found = _S3.fullmatch(url)
    if found is None:
        raise ValueError(url)
    return GivenPlace(found[1], found[2] or "", is_one=is_one)


def prefix_url_faults(name: str, urls: object, where: str) -> list[Fault]:
    """Return what is wrong with a list of places such as ``s3://bucket/prefix/``."""
    if not isinstance(urls, tuple):
        return [_not_listed(name, urls, where, "s3://bucket/prefix/")]
    return [fault for url in urls for fault in _faults(name, url, where, is_one=False)]


def document_url_faults(name: str, urls: object, where: str, most: int) -> list[Fault]:
    """Return what is wrong with a list of documents such as ``s3://bucket/key``."""
    if not isinstance(urls, tuple):
        return [_not_listed(name, urls, where, "s3://bucket/key")]
    faults = [fault for url in urls for fault in _faults(name, url, where, is_one=True)]
    if len(urls) > most:
        what = f"{name} lists {len(urls)} documents; {most} is the most that one trigger sends at once"
        faults.append(Fault(what, where, "make a second trigger for the others"))
    twice = sorted({url for url in urls if isinstance(url, str) and urls.count(url) > 1})
    faults += [Fault(f"{name} lists {shown(url)} twice", where, "list it once") for url in twice]
    return faults


def _not_listed(name: str, urls: object, where: str, example: str) -> Fault:
    if isinstance(urls, str):
        return Fault(f"{name} is one text, not a list", where, f"write {name}=[{shown(urls)}]")
    return wrong_type(name, urls, f"a list of texts such as {example!r}", where)


def _faults(name: str, url: object, where: str, *, is_one: bool) -> list[Fault]:
    if not isinstance(url, str):
        return [wrong_type(name, url, "a text such as 's3://bucket/prefix/'", where)]
    found = _S3.fullmatch(url)
    if found is None:
        return [Fault(f"{name} holds {shown(url)}, which is no s3 URL", where, _mend(url))]
    bucket, key = found[1], found[2] or ""
    faults = bucket_name_faults(f"the bucket in {name}", bucket, where)
    faults += prefix_faults(f"the key in {name}", key, where)
    wild = next((character for character in _WILDCARDS if character in key), None)
    if wild is not None:
        start = key.partition(wild)[0]
        what = f"{name} holds {shown(url)}, with a {wild!r}: nothing stands for other text here"
        mend = f"name one document by its whole key ('s3://{bucket}/{start}...')"
        if not is_one:
            mend = f"a place is all that begins with it: write 's3://{bucket}/{start}'"
        faults.append(Fault(what, where, mend))
    if is_one and (not key or key.endswith("/")):
        what = f"{name} holds {shown(url)}, which names no document"
        faults.append(Fault(what, where, "write a document's whole key: 's3://bucket/key'"))
    return faults


def _mend(url: str) -> str:
    """Return how to write a place that was written in another way."""
    arn = _ARN.fullmatch(url)
    if arn is not None:
        return f"write 's3://{arn[1]}/{(arn[2] or '').rstrip('*')}'"
    try:
        parts = urlsplit(url)
        host, path = parts.hostname or "", unquote(parts.path.lstrip("/"))
    except ValueError:
        host, path = "", ""
    if hosted := _HOSTED.fullmatch(host):
        return f"write 's3://{hosted[1]}/{path}'"
    if _BY_PATH.fullmatch(host):
        return f"write 's3://{path}'"
    if url.startswith(("http://", "https://")):
        return "put it into a bucket and write 's3://bucket/prefix/': nothing is fetched from the web"
    return "write 's3://bucket/prefix/'"
