"""The LanceDB connector: the vectors of each document become rows of a table of the node's own."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from lakenb.runtime.handlers.lancedb_table import Table, place_of
from lakenb.runtime.handlers.lancedb_vectors import embeddings_of, rows_of
from lakenb.runtime.work import Worker

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lakenb.runtime.clients import Clients
    from lakenb.runtime.deadline import Deadline
    from lakenb.runtime.documents import InputDocument
    from lakenb.runtime.outputs import Context, PassedOn
    from lakenb.runtime.settings import Settings
    from lakenb.runtime.tasks import Message, Task

# one for the process's life: opening a table costs more than writing it
_table = cache(Table)


class Reader:
    """Writes documents' vectors.

    Parameters
    ----------
    settings, clients, deadline
        The function's own.
    """

    def __init__(self, settings: Settings, clients: Clients, deadline: Deadline) -> None:
        options = settings.options
        self._dimensions: int = options["dimensions"]
        self._table = _table(place_of(settings), options["table"], self._dimensions)
        self._worker = Worker(self._put, settings, clients, deadline)

    def tasks(self, message: Message) -> Iterable[Task]:
        """Return the one task in a message."""
        return self._worker.tasks(message)

    def _put(self, document: InputDocument, context: Context) -> PassedOn:
        """Write the rows of one document."""
        told = embeddings_of(document.metadata, context.fetch)
        self._table.put(rows_of(document.event, document.metadata, told, self._dimensions))
        return context.metadata({})
