"""What a function is told by its environment, read once and whole."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from lakenb.errors import Fault, FaultsError
from lakenb.events import S3Location, is_node_id

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

T = TypeVar("T")

_TOPIC = re.compile(r"arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[A-Za-z0-9_-]{1,256}")
_MODULE = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*")
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_QUEUE = re.compile(r"https?://\S+")
_TABLE = re.compile(r"[A-Za-z0-9_.-]{3,255}")
_GROUP = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_ARN = re.compile(r"arn:aws[a-z-]*:[a-z0-9-]+:[a-z0-9-]*:\d{12}:\S+")
_FOLDER = re.compile(r"/\S+")

ANY_BUCKET = "*"


class SettingsError(FaultsError):
    """The environment of a function is not what the template writes."""


@dataclass(frozen=True, slots=True)
class Source:
    """A place from which a node may read documents.

    Parameters
    ----------
    bucket, prefix, suffix
        A document may be read if it lies in the bucket and its key starts and ends with these. The bucket
        ``*`` stands for those that the role may read: more producers than an environment can list.
    key
        The whole key, where the place is one document; empty otherwise.
    """

    bucket: str
    prefix: str = ""
    suffix: str = ""
    key: str = ""

    def __str__(self) -> str:
        """Return the place as messages name it."""
        return f"s3://{self.bucket}/{self.key or f'{self.prefix}*{self.suffix}'}"

    def holds(self, location: S3Location) -> bool:
        """Return whether a location is within this place."""
        key = location.key
        if self.bucket not in {location.bucket, ANY_BUCKET} or (self.key and key != self.key):
            return False
        return key.startswith(self.prefix) and key.endswith(self.suffix)


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that makes one function this node's.

    Parameters
    ----------
    node
        The node's id.
    handler
        Dotted name of the handler's module.
    dead_letters
        URL of the node's own dead-letter queue.
    options
        The middleware's own options.
    sources
        The only places from which documents are read.
    topic
        ARN of the node's own topic; None publishes nothing.
    store, store_prefix
        Bucket and prefix that outputs are put under.
    cache
        Bucket of the pipeline's cache.
    max_receives
        How often the queue hands a message out; None leaves the last word to the queue.
    table
        Name of the node's own table.
    schedule_group, schedule_role, own_queue
        Name of the node's own schedule group, ARN of the role that its schedules take, and ARN of the
        node's own queue, to which they send.
    machine
        ARN of the node's own state machine.
    passes_on
        Whether documents that the node sends on stay where they lie, though it has a store: its consumers
        read both.
    files
        Folder at which the node's own file system is mounted.
    index
        Bucket of the node's own index.
    key
        ARN of the key for what is made while the node runs.
    """

    node: str
    handler: str
    dead_letters: str
    options: Mapping[str, Any] = field(default_factory=dict)
    sources: tuple[Source, ...] = ()
    topic: str | None = None
    store: str | None = None
    store_prefix: str = ""
    cache: str | None = None
    max_receives: int | None = None
    table: str | None = None
    schedule_group: str | None = None
    schedule_role: str | None = None
    own_queue: str | None = None
    machine: str | None = None
    passes_on: bool = False
    files: str | None = None
    index: str | None = None
    key: str | None = None

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Settings:
        """Return the settings that environment variables hold.

        Raises
        ------
        SettingsError
            With every variable that is missing or wrong.
        """
        reader = _Reader(environment)
        settings = cls(
            node=reader.required("LAKENB_NODE", _matching(is_node_id, "a node's id"), ""),
            handler=reader.required("LAKENB_HANDLER", _pattern(_MODULE, "a module's dotted name"), ""),
            dead_letters=reader.required("LAKENB_DEAD_LETTERS", _pattern(_QUEUE, "a queue's URL"), ""),
            options=reader.optional("LAKENB_OPTIONS", _json_object, {}),
            sources=reader.optional("LAKENB_SOURCES", _sources, ()),
            topic=reader.optional("LAKENB_TOPIC", _pattern(_TOPIC, "a topic's ARN"), None),
            store=reader.optional("LAKENB_STORE", _pattern(_BUCKET, "a bucket's name"), None),
            store_prefix=environment.get("LAKENB_STORE_PREFIX", ""),
            cache=reader.optional("LAKENB_CACHE", _pattern(_BUCKET, "a bucket's name"), None),
            max_receives=reader.optional("LAKENB_MAX_RECEIVES", _positive, None),
            table=reader.optional("LAKENB_TABLE", _pattern(_TABLE, "a table's name"), None),
            schedule_group=reader.optional("LAKENB_SCHEDULE_GROUP", _pattern(_GROUP, "a group's name"), None),
            schedule_role=reader.optional("LAKENB_SCHEDULE_ROLE", _pattern(_ARN, "a role's ARN"), None),
            own_queue=reader.optional("LAKENB_QUEUE", _pattern(_ARN, "a queue's ARN"), None),
            machine=reader.optional("LAKENB_MACHINE", _pattern(_ARN, "a state machine's ARN"), None),
            passes_on=reader.optional("LAKENB_PASSES_ON", _flag, default=False),
            files=reader.optional("LAKENB_FILES", _pattern(_FOLDER, "a folder"), None),
            index=reader.optional("LAKENB_INDEX", _pattern(_BUCKET, "a bucket's name"), None),
            key=reader.optional("LAKENB_KEY", _pattern(_ARN, "a key's ARN"), None),
        )
        if reader.faults:
            raise SettingsError(reader.faults)
        return settings

    @property
    def is_end(self) -> bool:
        """Whether the node sends nothing on: neither by its topic nor by a state machine."""
        return self.topic is None and self.machine is None

    def may_read(self, location: S3Location) -> bool:
        """Return whether a document may be read from there.

        What the role may read beside documents is no document's place: the cache, and the node's own index.
        """
        if location.bucket in {self.cache, self.index, self.store} and not any(
            source.bucket == location.bucket for source in self.sources
        ):
            return False
        return any(source.holds(location) for source in self.sources)


class _Reader:
    """Reads variables one by one and gathers what is wrong with them."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self.faults: list[Fault] = []

    def required(self, name: str, parse: Callable[[str], T], instead: T) -> T:
        """Return a variable's value; `instead` stands in when there is none, beside a fault."""
        if not self._environment.get(name):
            self._refuse(f"the variable {name} is not set", name)
            return instead
        return self.optional(name, parse, instead)

    def optional(self, name: str, parse: Callable[[str], T], default: T) -> T:
        """Return a variable's value, or the default when it is not set or empty."""
        text = self._environment.get(name)
        if not text:
            return default
        try:
            return parse(text)
        except (ValueError, RecursionError) as error:
            self._refuse(f"the variable {name} must be {error}", name)
            return default

    def _refuse(self, what: str, name: str) -> None:
        mend = "deploy the function with the template that lakenb made, unaltered"
        self.faults.append(Fault(what, f"{name} in the function's environment", mend))


def _matching(is_right: Callable[[str], bool], wanted: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if not is_right(text):
            raise ValueError(wanted)
        return text

    return parse


def _pattern(pattern: re.Pattern[str], wanted: str) -> Callable[[str], Any]:
    return _matching(lambda text: pattern.fullmatch(text) is not None, wanted)


def _positive(text: str) -> int:
    if not re.fullmatch(r"[1-9][0-9]{0,3}", text):
        raise ValueError("a whole number of 1 to 9999")
    return int(text)


def _flag(text: str) -> bool:
    if text != "true":
        raise ValueError('"true", or not set')
    return True


def _json_object(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise ValueError("a JSON object")  # noqa: TRY004 - one kind of error for all variables
    return value


def _sources(text: str) -> tuple[Source, ...]:
    wanted = 'a JSON list of {"bucket", "prefix", "suffix"} or {"bucket", "key"}'
    try:
        entries = json.loads(text)
        sources = tuple(Source(**entry) for entry in entries)
    except (ValueError, TypeError):
        raise ValueError(wanted) from None
    texts = [part for one in sources for part in (one.bucket, one.prefix, one.suffix, one.key)]
    if not isinstance(entries, list) or not all(isinstance(part, str) for part in texts):
        raise ValueError(wanted)
    return sources
