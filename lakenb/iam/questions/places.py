"""Resources in a question: from the words that people write to texts of a world, and back."""

from __future__ import annotations

import difflib
import re
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from lakenb.errors import Fault, PolicyError
from lakenb.iam.patterns import Wild
from lakenb.iam.proof.globs import glob as compiled
from lakenb.iam.proof.globs import overlaps
from lakenb.iam.stacks.world import UNKNOWN, owner_arn

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lakenb.iam.patterns import Pattern
    from lakenb.iam.stacks.world import Resource, World

_WORD: Final = re.compile(r"\$\{([^{}*?$\s]+)\}")
_WILD: Final = re.compile(r"\$\{[*?$]\}|[*?]")
_SHOWN: Final = 5
_FIELDS: Final = 6
_OBJECTS: Final = {"s3": "/*", "logs": ":*", "lambda": ":*"}
"""What follows a resource's ARN where its parts have ARNs of their own: objects, streams, versions."""


def resource_text(world: World, words: str) -> str:
    """Return the text of a resource in a world.

    Parameters
    ----------
    world
        One deployment of a template.
    words
        An ARN, in which names may be the template's (``arn:aws:s3:::${Store}/in/x``), or a logical id with
        what follows it: ``${Store}/in/x``, ``Store/in/x``, ``Queue``. Wildcards stay as they are.

    Raises
    ------
    PolicyError
        If a name is none of the template's, with near spellings.
    """
    if words == "*":
        return words
    if words.startswith("arn:"):
        return _WORD.sub(lambda found: _named(world, found[1], words, is_arn=False), words)
    braced = _WORD.match(words)
    if braced is not None:
        return _named(world, braced[1], words, is_arn=True) + words[braced.end() :]
    for logical_id in _heads(words):
        if logical_id in world.resources or logical_id in world.identities:
            return _named(world, logical_id, words, is_arn=True) + words[len(logical_id) :]
    raise _unknown(world, re.split(r"[/:]", words, maxsplit=1)[0], words)


def _heads(words: str) -> Iterator[str]:
    """Yield what may be a logical id at the start, the longest first: ids of nested stacks hold slashes."""
    yield words
    for found in reversed(list(re.finditer(r"[/:]", words))):
        yield words[: found.start()]


def _named(world: World, name: str, words: str, *, is_arn: bool) -> str:
    pseudo = {
        "AWS::AccountId": world.account,
        "AWS::Region": world.region,
        "AWS::Partition": world.partition,
        "AWS::StackName": world.stack_name,
    }
    if name in pseudo:
        return pseudo[name]
    logical_id = name.removesuffix(".Arn")
    resource = world.resources.get(logical_id)
    identity = world.identities.get(logical_id)
    arn = (resource.arn if resource else "") or (identity.arn if identity else "")
    if not arn:
        raise _unknown(world, logical_id, words)
    if is_arn:
        return arn
    made = next((made for made, word in world.names.items() if word == f"${{{logical_id}}}"), "")
    return made or re.split("[:/]", arn)[-1]


def _unknown(world: World, name: str, words: str) -> PolicyError:
    if name in world.resources:
        kind = world.resources[name].type
        what = f"{name} is a {kind}, which has no ARN that policies name"
        return PolicyError(
            [Fault(what, f"the resource {words!r}", "name a resource that requests are about")]
        )
    known = sorted({*world.identities, *(each.logical_id for each in world.resources.values() if each.arn)})
    what = f"the template has no resource {name!r}"
    return PolicyError([Fault(what, f"the resource {words!r}", _mend(name, known, "give an ARN"))])


def _mend(name: str, known: list[str], otherwise: str) -> str:
    """Return how to mend a name: near spellings, else some that there are."""
    near = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
    if near:
        return f"did you mean {' or '.join(near)}?"
    some = ", ".join(known[:_SHOWN]) + (" ..." if len(known) > _SHOWN else "")
    return f"{otherwise}, or one of the template's: {some}" if known else otherwise


def mend_name(name: str, known: list[str], otherwise: str) -> str:
    """Return the mend for a name that is none of the known ones."""
    return _mend(name, known, otherwise)


@lru_cache(maxsize=8192)
def glob_of(text: Pattern) -> str:
    """Return a pattern as the glob of a `Shape`: a variable, and what is unknown, may be anything."""
    parts: list[str] = []
    for piece in text.pieces:
        if isinstance(piece, Wild):
            parts.append("*" if piece is Wild.UNKNOWN else piece.value)
        elif isinstance(piece, str):
            parts.append(literal(piece))
        else:
            parts.append("*")
    return re.sub(r"\*+", "*", "".join(parts))


def literal(text: str) -> str:
    """Return a text as a glob that matches it alone."""
    return re.sub(r"[*?$]", lambda found: f"${{{found[0]}}}", text).replace(UNKNOWN, "*")


def has_wildcard(glob: str) -> bool:
    """Return whether a glob matches more than one text."""
    return any(len(found[0]) == 1 for found in _WILD.finditer(glob))


def instance(glob: str, world: World) -> str:
    """Return a short text that a glob matches, and that a request can have."""
    return _instance(glob, world.partition, world.region, world.account)


@lru_cache(maxsize=16384)
def _instance(glob: str, partition: str, region: str, account: str) -> str:
    fields = glob.split(":", _FIELDS - 1)
    if len(fields) == _FIELDS:
        for at, known in ((1, partition), (3, region), (4, account)):
            if "*" in fields[at]:
                fields[at] = known
    text = ":".join(fields)
    found = _WILD.sub(lambda wild: wild[0][2] if len(wild[0]) > 1 else "x" if wild[0] == "?" else "\0", text)
    if found.endswith("\0"):
        found = found[:-1] + ("x" if found[-2:-1] in {"/", ":", "", "-"} else "")
    return found.replace("\0", "") or "*"


@lru_cache(maxsize=16)
def _by_service(world: World) -> Mapping[str, tuple[Resource, ...]]:
    found: dict[str, list[Resource]] = {}
    for resource in world.resources.values():
        if resource.arn.startswith("arn:"):
            found.setdefault(resource.arn.split(":")[2], []).append(resource)
    return MappingProxyType({service: tuple(each) for service, each in found.items()})


@lru_cache(maxsize=16)
def by_arn(world: World) -> Mapping[str, str]:
    """Return the logical ids of a world's resources by their ARNs."""
    return MappingProxyType({each.arn: each.logical_id for each in world.resources.values() if each.arn})


def services(world: World) -> tuple[str, ...]:
    """Return the services of which the template has resources with ARNs, sorted."""
    return tuple(sorted(_by_service(world)))


def forms(arn: str) -> tuple[str, ...]:
    """Return the globs of a resource: itself, and its parts where they have ARNs of their own.

    Examples
    --------
    >>> forms("arn:aws:s3:::b")
    ('arn:aws:s3:::b', 'arn:aws:s3:::b/*')
    """
    own = literal(arn)
    parts = _OBJECTS.get(arn.split(":")[2] if arn.startswith("arn:") else "")
    return (own,) if parts is None else (own, own + parts)


def spread(world: World, glob: str, service: str) -> tuple[tuple[str, str], ...]:
    """Return the template's resources that a glob reaches, each with the glob there.

    Parameters
    ----------
    world
        One deployment of a template.
    glob
        Of a statement.
    service
        Of the statement's action.

    Returns
    -------
    tuple
        Pairs of ARN and glob. A glob within one resource is a pair by itself, whether the template has the
        resource or not; what a wider one reaches beyond the template is not among them.
    """
    head = _WILD.split(glob, maxsplit=1)[0]
    owner = owner_arn(head) if head.count(":") >= _FIELDS - 1 else ""
    if not has_wildcard(glob):
        plain = instance(glob, world)
        return ((owner_arn(plain), glob),)
    if owner and (owner != head or head in by_arn(world)) and _is_inside(head, owner):
        return ((owner, glob),)
    asked = compiled(glob)
    found: list[tuple[str, str]] = []
    for resource in _by_service(world).get(service, ()):
        found += [(resource.arn, form) for form in forms(resource.arn) if overlaps(asked, compiled(form))]
    return tuple(found)


def _is_inside(head: str, owner: str) -> bool:
    """Return whether what follows the literal head stays inside the owner: a separator stands before."""
    return len(head) > len(owner) and head.startswith(owner)


def described(world: World, glob: str) -> str:
    """Return a glob of resources in plain words.

    Examples are ``every object under ${Store}/letters/``, ``${Queue}``, ``everything``.
    """
    if glob == "*":
        return "everything"
    shown = world.shown(glob.replace("${*}", "*").replace("${?}", "?").replace("${$}", "$"))
    head, _, rest = glob.partition(":::") if glob.startswith("arn:") and ":s3:::" in glob else ("", "", "")
    if head and rest.endswith("/*") and not has_wildcard(rest[:-2]):
        bucket, _, key = instance(glob[:-1], world).partition("/")
        place = label(world, bucket).removeprefix(f"{head}:::")
        return f"every object under {place}/{key}" if key else f"every object of {place}"
    logical_id = by_arn(world).get(instance(glob, world)) if not has_wildcard(glob) else None
    if logical_id is not None:
        return f"${{{logical_id}}}"
    owner = owner_arn(_WILD.split(glob, maxsplit=1)[0])
    if owner in by_arn(world) and shown.startswith("arn:"):
        return f"${{{by_arn(world)[owner]}}}{shown[len(world.shown(owner)) :]}"
    return shown


def label(world: World, arn: str) -> str:
    """Return what a table calls a resource: ``${LogicalId}``, or its ARN where the template has it not."""
    logical_id = by_arn(world).get(arn)
    return f"${{{logical_id}}}" if logical_id is not None else world.shown(arn)
