"""Which names a wildcard tells apart: a name that nobody knows may be one that ``lake-*`` covers.

The wildcards of a template divide the names that a resource could have into classes; two names of one class
are covered alike, whatever follows them. Each class gets a world in which all unnamed resources of that
sort are named so, and everything else is neutral. A name that a wildcard's literal letters alone make up is
none that CloudFormation makes, so it has no class.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from lakenb.iam.stacks.forms import form_of
from lakenb.iam.stacks.names import hashed
from lakenb.iam.stacks.world import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from lakenb.iam.policies import Policy
    from lakenb.iam.stacks.names import Names
    from lakenb.iam.stacks.world import World

_REMEMBERED: Final = 20_000
_MOST_STATES: Final = 800
_MOST_CLASSES: Final = 24
_HASHES = re.compile(r"(?=([0-9a-f]{12}))")
_SPECIAL = re.compile(r"\$\{([^}]*)\}")
_LIKE = ("StringLike", "StringNotLike", "ArnLike", "ArnNotLike", "ArnEquals", "ArnNotEquals")
_NAMED_AFTER_STACK: Final = frozenset(
    {
        "AWS::DynamoDB::Table",
        "AWS::IAM::Group",
        "AWS::IAM::ManagedPolicy",
        "AWS::IAM::Role",
        "AWS::IAM::User",
        "AWS::Lambda::Function",
        "AWS::Logs::LogGroup",
        "AWS::S3::Bucket",
        "AWS::SNS::Topic",
        "AWS::SQS::Queue",
    }
)
_NEVER_CUT: Final = 45  # of the 63 letters of a bucket, less the hyphens and a random part
_FRESH: Final = "qzjvkwxyb0123456789acdefghilmnoprstu"

Place = tuple[int, bool]
"""Where in a glob, and whether a wildcard stood in the name so far."""


@dataclass(frozen=True, slots=True)
class Group:
    """Names that stand at the same place of the same text.

    Parameters
    ----------
    prefix
        What stands before the name.
    kind
        The type of resource.
    begins
        How such names begin: with the stack's, where that is known.
    token
        The parameter that the name begins with; empty where the whole name is made up.
    is_free
        Whether the name is somebody's choice, so that any letter of such names can be in it.
    """

    prefix: str
    kind: str
    begins: str = ""
    token: str = ""
    is_free: bool = False


@dataclass(frozen=True, slots=True)
class NameClass:
    """One class of names that is not the neutral one.

    Parameters
    ----------
    renamed
        Names of it, by the paths of the resources.
    values
        Texts of it, by parameters.
    sentence
        What the world assumes.
    """

    renamed: Mapping[str, str]
    values: Mapping[str, str]
    sentence: str


@dataclass(slots=True)
class Classes:
    """Finds the classes of a world's names, and remembers what it found of policies and patterns."""

    loose: dict[int, tuple[Policy, tuple[str, ...]]] = field(default_factory=dict)
    found: dict[tuple[Group, tuple[str, ...]], tuple[tuple[str, ...], bool]] = field(default_factory=dict)

    def of(
        self, world: World, made: Mapping[str, Names], tokens: Mapping[str, str]
    ) -> tuple[tuple[NameClass, ...], bool]:
        """Return the classes beside the neutral one, and whether they are all.

        Parameters
        ----------
        world
            With neutral names.
        made
            Names that are made up, by the paths of their resources.
        tokens
            Made-up texts of parameters, and of the stack's name, by parameter.
        """
        globs = sorted({glob for each in _policies(world) for glob in self._loose(each)})
        own = {hash_of(name) for name in (*(each.name for each in made.values()), *tokens.values())}
        globs = [glob for glob in globs if not any(each in own for each in _HASHES.findall(_head(glob)))]
        if not globs:
            return (), True
        classes: list[NameClass] = []
        is_whole = True
        for group, texts in _groups(world, made, tokens).items():
            telling = tuple(glob for glob in globs if _tells(glob, group))
            if not telling:
                continue
            key = group, telling
            if key not in self.found:
                self.found[key] = _representatives(group, telling)
            names, complete = self.found[key]
            is_whole = is_whole and complete
            classes += _renamed(group, telling, names, texts)
        return tuple(classes), is_whole

    def _loose(self, policy: Policy) -> tuple[str, ...]:
        """Return the texts of a policy whose wildcards could stand for part of a name."""
        if len(self.loose) > _REMEMBERED:
            self.loose.clear()
        known = self.loose.get(id(policy))
        if known is None or known[0] is not policy:
            texts = [each.source for one in policy.statements for each in one.resources or ()]
            texts += [
                value
                for one in policy.statements
                for each in one.conditions
                if each.operator.rsplit(":", 1)[-1].removesuffix("IfExists") in _LIKE
                for value in each.values
            ]
            wild = tuple(
                dict.fromkeys(text for text in texts if any(sign in text for sign in ("*", "?", UNKNOWN)))
            )
            known = self.loose[id(policy)] = (policy, wild)
        return known[1]


def hash_of(name: str) -> str:
    """Return the last twelve letters of a made-up name: nothing else ends in them."""
    return name[-12:]


def _policies(world: World) -> Iterator[Policy]:
    yield from world.guards.values()
    for identity in world.identities.values():
        yield from identity.policies
        yield from identity.boundaries
    for endpoint in world.endpoints:
        if endpoint.policy is not None:
            yield endpoint.policy


def _groups(
    world: World, made: Mapping[str, Names], tokens: Mapping[str, str]
) -> dict[Group, dict[str, str]]:
    """Return made-up names, by path or parameter, in groups of those that stand at the same place."""
    groups: dict[Group, dict[str, str]] = {}
    for path, each in made.items():
        resource = world.resources.get(path)
        if resource is not None and each.name in resource.arn:
            prefix = resource.arn[: resource.arn.index(each.name)]
            is_told = "AWS::StackName" not in tokens and not each.is_open
            begins = _beginning(world.stack_name, path, resource.type) if is_told else ""
            group = Group(prefix, resource.type, begins, is_free=each.is_open)
            groups.setdefault(group, {})[path] = each.name
    for token, text in tokens.items():
        for resource in world.resources.values():
            if text in resource.arn:
                prefix = resource.arn[: resource.arn.index(text)]
                groups.setdefault(Group(prefix, resource.type, token=token, is_free=True), {})[token] = text
    return groups


def _beginning(stack_name: str, path: str, kind: str) -> str:
    """Return how the name that CloudFormation makes begins; empty where the stack's name could be cut short.

    Page: AWS CloudFormation Template Reference, "Name type".
    """
    if kind not in _NAMED_AFTER_STACK or len(stack_name) + len(path) > _NEVER_CUT:
        return ""
    name = f"{stack_name}-"
    return name if "A-Z" in form_of(kind).letters else name.lower()


def _head(glob: str) -> str:
    stop = next(number for number, letter in enumerate(glob) if letter in "*?$" or letter == UNKNOWN)
    return glob[:stop]


def _tells(glob: str, group: Group) -> bool:
    """Return whether a glob may cover some names of a group and not others: a first, quick look."""
    head = _head(glob)
    rest = glob[len(head) :]
    if not head.startswith(group.prefix):
        # a wildcard before the name: what follows it may still be about the name
        return group.prefix.startswith(head) and bool(rest.strip("*:/"))
    inside = head[len(group.prefix) :]
    if not inside and rest == "*":
        return False  # it covers them all
    letters = _letters(group.kind, is_made=not group.is_free)
    return all(letter in letters for letter in inside)  # else it goes on past a name that it gives in full


@lru_cache(maxsize=256)
def _letters(kind: str, *, is_made: bool) -> frozenset[str]:
    inner = form_of(kind).made_letters if is_made else form_of(kind).letters
    return frozenset(letter for letter in map(chr, range(33, 127)) if re.fullmatch(f"[{inner}]", letter))


def _signs(glob: str) -> tuple[str, ...]:
    r"""Return letters and wildcards, one each; a wildcard that is meant as a letter stands behind a ``\``."""
    signs: list[str] = []
    position = 0
    for hole in _SPECIAL.finditer(glob):
        signs += glob[position : hole.start()]
        inner = hole[1]
        signs.append(f"\\{inner}" if inner in {"*", "?", "$"} else "*")
        position = hole.end()
    signs += glob[position:]
    return tuple("*" if sign == UNKNOWN else sign for sign in signs)


def _closed(signs: tuple[str, ...], places: Iterable[Place]) -> frozenset[Place]:
    found = set()
    rest = list(places)
    while rest:
        place = rest.pop()
        if place not in found:
            found.add(place)
            if place[0] < len(signs) and signs[place[0]] == "*":
                rest.append((place[0] + 1, place[1]))
    return frozenset(found)


def _stepped(
    signs: tuple[str, ...], places: frozenset[Place], letter: str, *, in_name: bool
) -> frozenset[Place]:
    following: list[Place] = []
    for number, is_wild in places:
        if number == len(signs):
            continue
        sign = signs[number]
        if sign == "*":
            following.append((number, is_wild or in_name))
        elif sign == "?":
            following.append((number + 1, is_wild or in_name))
        elif sign[-1] == letter:
            following.append((number + 1, is_wild))
    return _closed(signs, following)


def _outlook(signs: tuple[str, ...], places: frozenset[Place], letters: frozenset[str]) -> frozenset[int]:
    """Return where the glob can go on after a name, if a wildcard helped it through the name."""
    return frozenset(
        number
        for number, is_wild in places
        if is_wild
        and (number == len(signs) or signs[number] in {"*", "?"} or signs[number][-1] not in letters)
    )


@dataclass(frozen=True, slots=True)
class _Machine:
    globs: tuple[tuple[str, ...], ...]
    letters: frozenset[str]
    start: tuple[frozenset[Place], ...]

    def step(self, state: tuple[frozenset[Place], ...], letter: str) -> tuple[frozenset[Place], ...]:
        return tuple(
            _stepped(each, places, letter, in_name=True)
            for each, places in zip(self.globs, state, strict=True)
        )

    def signature(self, state: tuple[frozenset[Place], ...]) -> tuple[frozenset[int], ...]:
        return tuple(
            _outlook(each, places, self.letters) for each, places in zip(self.globs, state, strict=True)
        )

    def of(self, name: str) -> tuple[frozenset[int], ...]:
        state = self.start
        for letter in name:
            state = self.step(state, letter)
        return self.signature(state)


def _machine(group: Group, globs: tuple[str, ...]) -> _Machine:
    signs = tuple(map(_signs, globs))
    start = []
    for each in signs:
        places = _closed(each, [(0, False)])
        for letter in group.prefix:
            places = _stepped(each, places, letter, in_name=False)
        start.append(places)
    machine = _Machine(signs, _letters(group.kind, is_made=not group.is_free), tuple(start))
    for letter in group.begins:
        machine = replace(machine, start=machine.step(machine.start, letter))
    return machine


def _representatives(group: Group, globs: tuple[str, ...]) -> tuple[tuple[str, ...], bool]:
    """Return one short name of each class, and whether all classes were found."""
    machine = _machine(group, globs)
    told = {sign[-1] for each in machine.globs for sign in each if sign not in {"*", "?"}}
    fresh = next((letter for letter in _FRESH if letter in machine.letters and letter not in told), "")
    alphabet = [*([fresh] if fresh else []), *sorted(told & machine.letters)]
    found: dict[tuple[frozenset[int], ...], str] = {}
    seen = {machine.start}
    level = [(machine.start, "")]
    while level:
        following = []
        for state, name in level:
            for letter in alphabet:
                reached = machine.step(state, letter)
                if reached in seen:
                    continue
                seen.add(reached)
                following.append((reached, name + letter))
                found.setdefault(machine.signature(reached), name + letter)
                if len(seen) > _MOST_STATES or len(found) > _MOST_CLASSES:
                    return tuple(found.values()), False
        level = following
    return tuple(found.values()), True


def _renamed(
    group: Group, globs: tuple[str, ...], names: tuple[str, ...], texts: Mapping[str, str]
) -> Iterator[NameClass]:
    machine = _machine(group, globs)
    neutral = _machine(replace(group, begins=""), globs)
    now = {path: neutral.of(text) for path, text in texts.items()}
    for short in names:
        wanted = machine.of(short)
        others = [path for path in texts if now[path] != wanted]
        found = {path: group.begins + _fitting(machine, short, path) for path in others}
        if group.token:
            for name, text in found.items():
                yield NameClass({}, {name: text}, f"{name} is such as {text!r}")
        elif found and len(set(found.values())) == len(found):
            example = next(iter(found.values()))
            what = f"every {group.kind} that the template does not name has a name such as {example!r}"
            yield NameClass(found, {}, what)
        else:
            for path, name in found.items():  # no room for a hash: one at a time
                yield NameClass({path: name}, {}, f"the name of {path} is {name!r}")


def _fitting(machine: _Machine, short: str, path: str) -> str:
    """Return a name of the same class as a short one, with a hash in it where there is room."""
    wanted = machine.of(short)
    digits = hashed(f"class {path}")
    for number in range(len(short), -1, -1):
        for text in (short[:number] + digits + short[number + 1 :], short[:number] + digits + short[number:]):
            if machine.of(text) == wanted:
                return text
    return short
