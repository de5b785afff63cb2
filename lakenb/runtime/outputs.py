"""What a handler may return: new documents, copies of its input, or more knowledge about it."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from lakenb.events import derive_id, normalize_mime_type
from lakenb.runtime.cache import whole_metadata
from lakenb.runtime.faults import FaultError, Kind

if TYPE_CHECKING:
    from lakenb.events import CloudEvent
    from lakenb.runtime.cache import Cache
    from lakenb.runtime.documents import InputDocument
    from lakenb.runtime.settings import Settings


@runtime_checkable
class Readable(Protocol):
    """Something that hands out bytes."""

    def read(self, size: int, /) -> bytes:
        """Return at most so many bytes, none at the end."""
        ...


Body = bytes | str | Iterable[bytes] | Readable

# Metadata that is known only once all outputs are made (a chunk's `total`) is given as a function.
Metadata = Mapping[str, Any] | Callable[[], Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Placement:
    """Where and how an output is put.

    Parameters
    ----------
    key
        Key below the store's prefix; None derives it from the ids.
    name
        File name at the end of a derived key; None takes the ordinal.
    storage_class
        S3's storage class.
    """

    key: str | None = None
    name: str | None = None
    storage_class: str = "STANDARD"


@dataclass(frozen=True, slots=True)
class NewDocument:
    """A document that the handler made; see `Context.document`."""

    body: Body
    type: str
    placement: Placement = field(default_factory=Placement)
    metadata: Metadata = field(default_factory=dict)
    is_companion: bool = False


@dataclass(frozen=True, slots=True)
class Copy:
    """The input itself, or one of several, copied by S3; see `Context.copy`."""

    placement: Placement = field(default_factory=Placement)
    metadata: Metadata = field(default_factory=dict)
    of: InputDocument | None = None


@dataclass(frozen=True, slots=True)
class PassedOn:
    """The input itself, or one of several, with more metadata; see `Context.metadata` and `Context.pass_on`.

    It stays where it lies; a node whose consumers read nothing but its own store copies it there.
    """

    metadata: Metadata = field(default_factory=dict)
    of: InputDocument | None = None


Output = NewDocument | Copy | PassedOn


class Context:
    """What a handler is given beside the document: its options, and the makers of outputs.

    Parameters
    ----------
    event
        The event about the document.
    settings
        The function's own.
    cache
        The pipeline's cache.
    """

    def __init__(self, event: CloudEvent, settings: Settings, cache: Cache) -> None:
        self._event = event
        self._settings = settings
        self._cache = cache

    @property
    def node(self) -> str:
        """The node's id."""
        return self._settings.node

    @property
    def options(self) -> Mapping[str, Any]:
        """The middleware's own options."""
        return self._settings.options

    @property
    def event_id(self) -> str:
        """The id of the event about the document."""
        return self._event.id

    @property
    def chain_id(self) -> str:
        """The id of the chain that the document belongs to."""
        return self._event.data.chain_id

    def output_id(self, ordinal: int) -> str:
        """Return the id of the event about an output, the outputs counted from zero as they are returned."""
        return derive_id(self._event.id, self._settings.node, ordinal)

    def document(
        self,
        body: Body,
        *,
        type: str,  # noqa: A002 - the field's word
        name: str | None = None,
        key: str | None = None,
        metadata: Metadata | None = None,
        storage_class: str = "STANDARD",
        is_companion: bool = False,
    ) -> NewDocument:
        """Return a new document.

        Parameters
        ----------
        body
            Bytes, text (written as UTF-8), or a stream or iterable of bytes of any length.
        type
            MIME type.
        name
            File name at the end of the derived key; made safe. The ordinal stands in.
        key
            Key below the store's prefix, instead of the derived one.
        metadata
            Laid over the input's, field by field; a function is called when all outputs are made.
        storage_class
            S3's storage class.
        is_companion
            Stored beside another output; neither published nor counted.
        """
        placement = Placement(key, name, storage_class)
        return NewDocument(body, normalize_mime_type(type), placement, metadata or {}, is_companion)

    def copy(
        self,
        *,
        name: str | None = None,
        key: str | None = None,
        metadata: Metadata | None = None,
        storage_class: str = "STANDARD",
    ) -> Copy:
        """Return a copy of the input: made by S3, without its user metadata and tags."""
        return Copy(Placement(key, name, storage_class), metadata or {})

    def metadata(self, values: Metadata) -> PassedOn:
        """Return the input itself with more metadata."""
        return PassedOn(values)

    def pass_on(self, document: InputDocument, *, metadata: Metadata | None = None) -> PassedOn:
        """Return one of the documents that a function got, to be sent on with more metadata.

        Parameters
        ----------
        document
            One of those that it got.
        metadata
            Laid over the document's own, field by field.
        """
        return PassedOn(metadata or {}, document)

    def gathered(self, document: InputDocument, events: Iterable[CloudEvent]) -> tuple[InputDocument, ...]:
        """Return the documents of events that lay in a document, in their order.

        Raises
        ------
        FaultError
            If one of them lies where this node has no business.
        """
        return tuple(
            document.beside(event, partial(whole_metadata, event.data.metadata, self._cache))
            for event in events
        )

    def fetch(self, pointer: str) -> Any:
        """Return the JSON value that a pointer in metadata stands for.

        Raises
        ------
        FaultError
            If the pointer does not point into this pipeline's cache.
        """
        return self._cache.fetch(pointer)


Handler = Callable[[Any, Context], Iterable[Output] | Output | None]


def each_output(made: Iterable[Output] | Output | None) -> Generator[Output, None, None]:
    """Return what a handler returned, one by one.

    A handler that yields is closed with this generator: what it holds open is then let go at once.
    """
    if made is None:
        return
    if isinstance(made, NewDocument | Copy | PassedOn):
        yield made
        return
    try:
        for output in made:
            if not isinstance(output, NewDocument | Copy | PassedOn):
                reason = f"the handler returned a {type(output).__name__}: outputs are made by the context"
                raise FaultError(Kind.HANDLER_ERROR, reason)
            yield output
    finally:
        if isinstance(made, Generator):
            made.close()
