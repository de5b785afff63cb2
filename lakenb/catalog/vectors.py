"""The connector that keeps documents' vectors in an index, to be searched by nearness."""

from __future__ import annotations

import re
from dataclasses import KW_ONLY, dataclass
from datetime import timedelta
from typing import Any, ClassVar, Literal

from lakenb.errors import Fault
from lakenb.graph.code import Code
from lakenb.graph.options import shown
from lakenb.graph.services import Service
from lakenb.graph.steps import Part, Row, Step, middleware

Place = Literal["s3", "efs"]
_SERVICES: dict[str, Service] = {"s3": Service.INDEX, "efs": Service.FILES}
_TABLE = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")
_MOST_DIMENSIONS = 8192

# All that the function holds, exactly: it comes within 5 MB of what Lambda takes, so nothing may grow unseen.
_PACKAGES = (
    "annotated-types==0.7.0",
    "deprecation==2.1.0",
    "lancedb==0.24.3",
    "numpy==2.2.6",
    "overrides==7.7.0",
    "packaging==25.0",
    "pyarrow==18.1.0",
    "pydantic-core==2.41.5",
    "pydantic==2.12.5",
    "tqdm==4.67.1",
    "typing-extensions==4.15.0",
    "typing-inspection==0.4.2",
)
# Headers, sources, tests, and Arrow's client and server for Flight: no writer of tables opens any of it.
_LEAVES_OUT = (
    ("numpy", "numpy/*/tests/data/*"),
    ("numpy", "numpy/*/tests/test_*"),
    ("pyarrow", "pyarrow/_flight.*"),
    ("pyarrow", "pyarrow/include/*"),
    ("pyarrow", "pyarrow/libarrow_flight.so.*"),
    ("pyarrow", "pyarrow/libarrow_python_flight.so"),
    ("pyarrow", "pyarrow/src/*"),
    ("pyarrow", "pyarrow/tests/*"),
)


@middleware
@dataclass(frozen=True, slots=True, repr=False)
class LanceDBStorage(Step):
    """Keep the vectors of every document in a LanceDB table of the node's own.

    ::

        vectors.pipe(lk.LanceDBStorage("index", on="s3", dimensions=384))

    Parameters
    ----------
    on
        Where the table lies: ``"s3"`` in a bucket of its own, ``"efs"`` on a file system of its own, which
        the function reaches by an access point and in a VPC only.
    table
        The table's name: letters, digits and underscores.
    dimensions
        How many numbers each vector has (1 to 8192).

    Notes
    -----
    Takes documents of any type that have vectors, reads none of them, and sends nothing. Vectors are JSON:
    one list of numbers, or a list of such lists. They stand behind the pointer
    ``properties.attrs.embeddings.vectors`` of the metadata, as middlewares that make them write it, or in
    ``custom.embeddings.vectors`` itself, as a function of your own may write it::

        return {"custom": {"embeddings": {"vectors": [0.1, 0.2], "model": "mine"}}}

    A document without vectors, or with vectors of another length, fails. Each vector is one row: `id`,
    `vector`, `chain_id`, `document_url`, `document_type`, `source_url`, `model`, and the document's metadata
    as JSON. The same event twice makes the same rows. All other parameters: see `Step`.
    """

    row: ClassVar[Row] = Row(
        kind="lancedb-storage",
        part=Part.CONNECTOR,
        input_types=("*/*",),
        output_types=(),
        handler="lakenb.runtime.handlers.lancedb_storage",
        memory_mib=1024,
        timeout=timedelta(seconds=120),
        batch_size=10,
        packages=_PACKAGES,
        reads=False,
    )

    _: KW_ONLY
    # Writers of one table try again when another was first: a few at a time get on, many hold each other up.
    max_concurrency: int | None = 5
    on: Place = "s3"
    table: str = "documents"
    dimensions: int

    def own_faults(self, where: str) -> list[Fault]:
        """Return what is wrong with the place, the table's name and the vectors' length."""
        faults = []
        if not isinstance(self.on, str) or self.on not in _SERVICES:
            faults.append(Fault(f"on is {shown(self.on)}", where, 'write on="s3" or on="efs"'))
        if not isinstance(self.table, str) or not _TABLE.fullmatch(self.table):
            mend = "a letter, then letters, digits and underscores, 64 at most, such as 'documents'"
            faults.append(Fault(f"table is {shown(self.table)}, which is no name of a table", where, mend))
        given = self.dimensions
        if isinstance(given, bool) or not isinstance(given, int) or not 1 <= given <= _MOST_DIMENSIONS:
            what = f"dimensions is {shown(given)}; a vector has 1 to {_MOST_DIMENSIONS} numbers"
            faults.append(Fault(what, where, "give the length of the vectors that your model makes"))
        return faults

    def own_options(self) -> dict[str, Any]:
        """Return the options that travel to the handler."""
        return {"dimensions": self.dimensions, "table": self.table}

    def services(self) -> tuple[Service, ...]:
        """Return what the index lies on."""
        return (_SERVICES[self.on],)

    def puts_documents(self) -> bool:
        """Return False: an index is the node's state, and no document lies in it."""
        return False

    def code(self) -> Code:
        """Return what the node's function is made of."""
        return Code(self.row.handler, self.row.packages, (), _LEAVES_OUT)
