"""Physical names and what ``Ref`` and ``Fn::GetAtt`` return, for each type of resource.

A name that the template does not give is made up from the logical id, with a hash in it: no text of the
template hits it by chance, and the same logical id has the same name in every template.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from lakenb.iam.stacks.forms import form_of, regional

if TYPE_CHECKING:
    from collections.abc import Mapping

_HASH: Final = 12
_SLUG: Final = 24


@dataclass(frozen=True, slots=True)
class Names:
    """The names of one resource in one world.

    Parameters
    ----------
    logical_id, kind
        With the path of nested stacks; CloudFormation's type.
    name
        The physical name.
    is_made
        Whether it is made up.
    is_open
        Whether it is made up though the template gives one, which is not known: it may be any name.
    ref, arn
        What ``Ref`` returns; empty where there is no ARN.
    fields
        What the formats of attributes are filled with.
    """

    logical_id: str
    kind: str
    name: str
    is_made: bool
    ref: str
    arn: str
    fields: Mapping[str, str] = field(compare=False)
    is_open: bool = False

    def attribute(self, name: str) -> str:
        """Return an attribute; one that this table does not know is made up."""
        form = form_of(self.kind)
        known = form.attributes.get(name)
        if known is not None:
            return known.format_map(self.fields)
        if name == "Arn" and self.arn:
            return self.arn
        slug = re.sub(r"[^A-Za-z0-9]", "", name)[:_SLUG]
        text = f"{self.fields['slug']}-{slug}-{hashed(f'{self.logical_id}.{name}')}"
        if not name.endswith("Arn"):
            return text
        service = self.kind.split("::")[1].lower() if self.kind.count("::") == 2 else "custom"  # noqa: PLR2004 - AWS::Service::Type has two
        return regional(service, "{rest}").format_map({**self.fields, "rest": text})


def names(
    logical_id: str,
    kind: str,
    around: Mapping[str, str],
    *,
    name: str | None = None,
    ref: str | None = None,
    is_fifo: bool = False,
    **more: str,
) -> Names:
    """Return the names of a resource.

    Parameters
    ----------
    logical_id, kind
        With the path of nested stacks; CloudFormation's type.
    around
        Partition, region, account and suffix of the deployment.
    name
        As the template gives it; made up where it is None.
    ref
        What ``Ref`` returns where the stack is deployed: the name is taken from it.
    is_fifo
        Whether a made-up name ends in ``.fifo``.
    more
        Further fields: ``path`` of an IAM resource, ``function`` of what belongs to one, ``group`` of a
        schedule.

    Examples
    --------
    >>> around = {"partition": "aws", "region": "eu-west-1", "account": "111122223333"}
    >>> around["suffix"] = "amazonaws.com"
    >>> names("Store", "AWS::S3::Bucket", around).arn
    'arn:aws:s3:::store-ee7da936b5cb'
    >>> names("Work", "AWS::SQS::Queue", around, name="work").ref
    'https://sqs.eu-west-1.amazonaws.com/111122223333/work'
    """
    form = form_of(kind)
    fields = {"path": "/", "function": "", "group": "default", **around, **_made(logical_id), **more}
    is_made = name is None
    if ref is not None:
        name, is_made = _name_in(ref, form.ref), False
    elif name is None:
        name = form.made.format_map(fields) + (".fifo" if is_fifo else "")
    fields["name"] = name
    fields["bare"] = name.removeprefix("/")
    fields["arn"] = form.arn.format_map(fields)
    return Names(logical_id, kind, name, is_made, ref or form.ref.format_map(fields), fields["arn"], fields)


def hashed(text: str, length: int = _HASH) -> str:
    """Return hexadecimal digits that follow from a text."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:length]


@lru_cache(maxsize=16384)
def _made(logical_id: str) -> Mapping[str, str]:
    digits = hashlib.sha256(logical_id.encode("utf-8", "surrogatepass")).hexdigest()
    slug = re.sub(r"[^A-Za-z0-9]", "", logical_id.rsplit("/", 1)[-1])[:_SLUG] or "x"
    return MappingProxyType(
        {
            "slug": slug,
            "low": slug.lower(),
            "hash": digits[:_HASH],
            "six": digits[12:18],
            "hex": digits[:17],
            "upper": digits[:17].upper(),
            "uuid": "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:32])),
        }
    )


# IAM User Guide, "IAM identifiers": a path begins and ends with a slash
_HOLES = {r"\{name\}": "(.+)", r"\{path\}": "/(?:.*/)?"}


def _name_in(ref: str, form: str) -> str:
    """Return the name inside what ``Ref`` returns: the last part of a URL or of an ARN."""
    if form == "{name}":
        return ref
    if form.startswith("https:"):
        return ref.rsplit("/", 1)[-1]
    rest = ref.split(":", 5)[-1] if ref.startswith("arn:") else ref
    inside = form.split(":", 5)[-1] if form.startswith("arn:") else form
    expression = re.escape(inside)
    for hole in re.findall(r"\\\{[a-z]+\\\}", expression):
        expression = expression.replace(hole, _HOLES.get(hole, "[^:]*"), 1)
    found = re.fullmatch(expression, rest)
    return found[1] if found and found.groups() else ref
