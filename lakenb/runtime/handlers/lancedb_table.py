"""A LanceDB table that several functions write at once, in S3 or on a file system.

Every write makes a new version by an object that must not be there yet (in S3 ``If-None-Match``, on a file
system a hard link), so writers never undo each other. Two that write the same new row at the same moment both
succeed, though: whoever comes second sees both, and takes one away. That one is chosen by its place in the
table, so that all choose the same.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from datetime import timedelta
from importlib import import_module
from typing import TYPE_CHECKING, Any

from lakenb.runtime.faults import FaultError, Kind, RetryError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lakenb.runtime.handlers.lancedb_vectors import Row
    from lakenb.runtime.settings import Settings

_FOLDER = "lancedb"
_TEXTS = ("event_id", "chain_id", "document_url", "document_type", "source_url", "model", "metadata")
# What a version leaves behind is small, and there are many: now and then they are made into few. A large
# table is left to its owner, for that would take longer than a function may.
WRITES_BETWEEN = 100
_MOST_BYTES = 256 * 2**20
_REMEMBERED_BYTES = 64 * 2**20
# Whoever reads the table may go on with an older version for so long.
KEPT = timedelta(days=1)
_DENIED = ("AccessDenied", "403 Forbidden", "Permission denied", "PermissionDenied")
_CONFLICT = ("commit conflict", "Commit conflict", "TooMuchWriteContention", "Too many concurrent writers")


class Table:
    """The node's own table; made when it is first written.

    Parameters
    ----------
    place
        Where LanceDB's tables lie: a folder, or ``s3://`` and a bucket.
    name
        The table's name.
    dimensions
        How many numbers each vector has.
    writes_between
        After how many versions small files are made into large ones.
    kept
        How long the files of older versions stay.
    """

    def __init__(
        self,
        place: str,
        name: str,
        dimensions: int,
        *,
        writes_between: int = WRITES_BETWEEN,
        kept: timedelta = KEPT,
    ) -> None:
        self._place = place
        self._name = name
        self._dimensions = dimensions
        self._writes_between = writes_between
        self._kept = kept
        self._opened: Any = None

    def put(self, rows: Sequence[Row]) -> None:
        """Write rows; those with the same ids are replaced.

        Raises
        ------
        FaultError
            If the table may not be written, or is another one.
        RetryError
            If others were quicker, or the place did not answer.
        """
        with _told(self._place):
            table = self._table()
            made = import_module("pyarrow").Table.from_pylist(list(rows), schema=self._schema())
            merge = table.merge_insert("id").when_matched_update_all().when_not_matched_insert_all()
            version: int = merge.execute(made).version
            _take_away_doubles(table, [row["id"] for row in rows])
        if version % self._writes_between == 0:
            self._tidy(table)
            self._opened = None  # what lancedb remembers of old versions grows with each

    def _table(self) -> Any:
        """Return the table as it is now."""
        if self._opened is None:
            opened = self._open()
            self._refuse_other(opened)
            self._opened = opened
        else:
            self._opened.checkout_latest()
        return self._opened

    def _open(self) -> Any:
        lancedb = import_module("lancedb")  # takes a second; a function that only fails needs none of it
        options = _storage_options()
        # without bounds lancedb would remember gigabytes of what it read
        session = lancedb.Session(_REMEMBERED_BYTES, _REMEMBERED_BYTES)
        database = lancedb.connect(self._place, storage_options=options, session=session)
        try:
            return database.open_table(self._name)
        except ValueError:  # there is none; somebody else may be making it at this moment
            return database.create_table(
                self._name,
                schema=self._schema(),
                exist_ok=True,
                # names in the order in which the newest version is the first to be listed
                storage_options={**options, "new_table_enable_v2_manifest_paths": "true"},
            )

    def _schema(self) -> Any:
        arrow = import_module("pyarrow")
        return arrow.schema(
            [
                arrow.field("id", arrow.string(), nullable=False),
                arrow.field("vector", arrow.list_(arrow.float32(), self._dimensions), nullable=False),
                *(arrow.field(name, arrow.string(), nullable=False) for name in _TEXTS),
            ]
        )

    def _refuse_other(self, opened: Any) -> None:
        if opened.schema == self._schema():
            return
        vector = opened.schema.field("vector").type if "vector" in opened.schema.names else None
        length = getattr(vector, "list_size", None)
        what = (
            f"has vectors of {length} numbers"
            if length not in {None, self._dimensions}
            else "has other columns"
        )
        reason = f"the table '{self._name}' is there already and {what}: give the node another table"
        raise FaultError(Kind.UNSUPPORTED, reason)

    def _tidy(self, table: Any) -> None:
        """Make small files into large ones; whoever else does the same is welcome to be first."""
        try:
            if table.stats()["total_bytes"] > _MOST_BYTES:
                return
            if not table.list_indices():
                table.create_scalar_index("id")  # rows are found by it when they are replaced
            table.optimize(cleanup_older_than=self._kept)
        except (RuntimeError, OSError, ValueError):
            return  # the rows are written; a later write tries again


def _take_away_doubles(table: Any, ids: Sequence[str]) -> None:
    """Leave one row of each id."""
    listed = ", ".join(f"'{one}'" for one in ids)
    query = table.search().where(f"id IN ({listed})").with_row_id(True).select(["id"])  # noqa: FBT003 - lancedb's way
    found = query.limit(None).to_arrow().to_pylist()
    if len(found) == len(ids):
        return
    first: dict[str, int] = {}
    for row in found:
        first[row["id"]] = min(first.get(row["id"], row["_rowid"]), row["_rowid"])
    others = [str(row["_rowid"]) for row in found if first[row["id"]] != row["_rowid"]]
    table.delete(f"_rowid IN ({', '.join(others)})")


def place_of(settings: Settings) -> str:
    """Return where a node's tables lie: on its file system, or in its bucket.

    Examples
    --------
    >>> from lakenb.runtime.settings import Settings
    >>> place_of(Settings("index", "", "", index="an-index"))
    's3://an-index/lancedb'
    """
    if settings.files is not None:
        return f"{settings.files}/{_FOLDER}"
    return f"s3://{settings.index}/{_FOLDER}"


def _storage_options() -> dict[str, str]:
    """Return how S3 is reached where it is not AWS's own: the same variable tells it to boto3."""
    endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
    if not endpoint:
        return {}
    if bundle := os.environ.get("AWS_CA_BUNDLE"):
        os.environ.setdefault("SSL_CERT_FILE", bundle)
    return {
        "aws_endpoint": endpoint,
        "allow_http": "true" if endpoint.startswith("http:") else "false",
        "aws_virtual_hosted_style_request": "false",
    }


@contextmanager
def _told(place: str) -> Iterator[None]:
    """Turn lancedb's errors, which are told apart by their text alone, into verdicts; the text stays here."""
    doing = f"writing the index at {place}"
    try:
        yield
    except (RuntimeError, OSError, ValueError) as error:
        text = str(error)
        if any(sign in text for sign in _DENIED):
            raise FaultError(Kind.ACCESS_DENIED, f"{doing} was denied") from error
        if any(sign in text for sign in _CONFLICT):
            raise RetryError(
                Kind.THROTTLED, f"{doing} gave way to others that wrote at the same moment"
            ) from error
        raise RetryError(Kind.UNAVAILABLE, f"{doing} broke off ({type(error).__name__})") from error
