"""The table itself, by LanceDB as functions carry it: on a file system, and in S3 of the embedded AWS."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from tests.vectors import rows, with_packages

if TYPE_CHECKING:
    from lakenb.backends.local.emulator import LocalEmulator

_ROOT = str(Path(__file__).parents[2])
_HEAD = """
import json, os, sys, threading
from datetime import timedelta
from lakenb.runtime.handlers.lancedb_table import Table
from lakenb.runtime.faults import FaultError, RetryError
place = sys.argv[1]
def row(name, vector, model="m"):
    texts = dict.fromkeys(("event_id", "chain_id", "document_url", "document_type", "source_url"), name)
    return {"id": name, "vector": vector, "model": model, "metadata": "{}", **texts}
"""
_TAIL = "\nos._exit(0)\n"


def told(program: str, place: Path | str) -> str:
    """Return what a program about the table at a place prints."""
    return with_packages(_HEAD + program + "\nsys.stdout.flush()" + _TAIL, str(place), paths=(_ROOT,)).strip()


def test_the_nearest_vector_is_found(tmp_path: Path) -> None:
    told("Table(place, 'documents', 2).put([row(str(n), [n, 0]) for n in range(5)])", tmp_path)
    assert [found["id"] for found in rows(tmp_path, [2.9, 0])][:2] == ["3", "2"]


def test_the_same_rows_again_are_the_same_rows(tmp_path: Path) -> None:
    told(
        "for _ in range(3): Table(place, 'documents', 2).put([row('a', [1, 2]), row('b', [3, 4])])", tmp_path
    )
    told("Table(place, 'documents', 2).put([row('a', [1, 2], 'newer')])", tmp_path)
    assert sorted((found["id"], found["model"]) for found in rows(tmp_path)) == [("a", "newer"), ("b", "m")]


_AT_ONCE = """
left = []
def put(own):
    table = Table(place, 'documents', 2)
    for number in range(4):
        for again in range(20):  # as the queue would
            try:
                table.put([row(f'same-{number}', [number, 0]), row(f'{own}-{number}', [number, own])])
                break
            except RetryError:
                pass
        else:
            left.append((own, number))
writers = [threading.Thread(target=put, args=(own,)) for own in range(4)]
[one.start() for one in writers]
[one.join() for one in writers]
print(json.dumps(left))
"""


def test_writers_at_once_lose_nothing_and_double_nothing(tmp_path: Path) -> None:
    assert told(_AT_ONCE, tmp_path) == "[]"
    found = sorted(one["id"] for one in rows(tmp_path))
    wanted = [f"same-{number}" for number in range(4)]
    wanted += [f"{own}-{number}" for own in range(4) for number in range(4)]
    assert found == sorted(wanted)


def test_many_small_files_become_few_and_old_ones_go(tmp_path: Path) -> None:
    tidy = "Table(place, 'documents', 2, writes_between=8, kept=timedelta(0))"
    told(f"table = {tidy}\nfor n in range(15): table.put([row(str(n), [n, 0])])", tmp_path)
    data = list((tmp_path / "documents.lance" / "data").glob("*.lance"))
    assert len(data) < 15
    assert len(rows(tmp_path)) == 15
    assert next(found["id"] for found in rows(tmp_path, [7.1, 0])) == "7"


def test_a_table_of_other_vectors_is_refused(tmp_path: Path) -> None:
    other = """
Table(place, 'documents', 2).put([row('a', [1, 2])])
try:
    Table(place, 'documents', 3).put([row('a', [1, 2, 3])])
except FaultError as fault:
    print(fault.reason)
"""
    assert told(other, tmp_path) == (
        "the table 'documents' is there already and has vectors of 2 numbers: give the node another table"
    )


def test_a_folder_that_is_none_is_worth_another_try(tmp_path: Path) -> None:
    (tmp_path / "place").write_text("a file")
    program = """
try:
    Table(place, 'documents', 2).put([row('a', [1, 2])])
except RetryError as error:
    print(error.kind)
"""
    assert told(program, tmp_path / "place") == "Unavailable"


@pytest.mark.parametrize("denied", ["s3:PutObject", "s3:ListBucket", ""])
def test_in_s3_a_denial_is_the_end_of_it(emulator: LocalEmulator, denied: str) -> None:
    bucket = f"index-{uuid4().hex[:12]}"
    emulator.client("s3").create_bucket(Bucket=bucket)
    name = f"user-{bucket}"
    iam = emulator.client("iam")
    iam.create_user(UserName=name)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    actions = {"s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload", "s3:ListBucket"}
    resources = [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"]
    allow = {"Effect": "Allow", "Action": sorted(actions - {denied}), "Resource": resources}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
    iam.put_user_policy(UserName=name, PolicyName="index", PolicyDocument=policy)
    surroundings = {
        "AWS_ACCESS_KEY_ID": key["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"],
        "AWS_REGION": emulator.region,
        "AWS_ENDPOINT_URL": emulator.endpoint,
    }
    program = f"""
os.environ.update({surroundings!r})
table = Table(place, 'documents', 2, writes_between=4, kept=timedelta(0))
try:
    for n in range(9): table.put([row(str(n), [n, 0])])
    print('written')
except FaultError as fault:
    print(fault.kind, fault.reason)
"""
    place = f"s3://{bucket}/lancedb"
    wanted = f"AccessDenied writing the index at {place} was denied" if denied else "written"
    assert told(program, place) == wanted
