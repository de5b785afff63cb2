"""A cell that synthesizes is interrupted in a real kernel: the next cell synthesizes."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from jupyter_client.manager import start_new_kernel

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from jupyter_client.blocking.client import BlockingKernelClient
    from jupyter_client.manager import KernelManager

COMPOSE = """
import lakenb as lk
handle = lk.S3Trigger("inbox").handle()
for number in range(30):
    handle = handle.pipe(lk.RecursiveCharacterTextSplitter(f"n-{number}"))
pipe = lk.Pipeline("chain", handle.pipe(lk.S3Storage("results")))
"""
SYNTHS = """
print("go", flush=True)
while True:
    pipe.synth("cdk.out")
"""


@contextmanager
def notebook(folder: Path) -> Iterator[tuple[KernelManager, BlockingKernelClient]]:
    manager, client = start_new_kernel(kernel_name="python3", cwd=str(folder))
    try:
        yield manager, client
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def until_it_prints(client: BlockingKernelClient, word: str) -> None:
    while True:
        message = client.get_iopub_msg(timeout=60)
        if message["msg_type"] == "stream" and word in message["content"]["text"]:
            return


def test_an_interrupted_cell_leaves_a_kernel_that_synthesizes(tmp_path: Path) -> None:
    with notebook(tmp_path) as (manager, client):
        assert client.execute_interactive(COMPOSE, timeout=60)["content"]["status"] == "ok"
        for delay in (0.05, 0.6, 1.1):
            request = client.execute(SYNTHS, stop_on_error=False)  # what follows is to run
            until_it_prints(client, "go")
            time.sleep(delay)
            manager.interrupt_kernel()
            reply = client.get_shell_msg(timeout=60)
            while reply["parent_header"]["msg_id"] != request:
                reply = client.get_shell_msg(timeout=60)
            assert (reply["content"]["status"], reply["content"]["ename"]) == ("error", "KeyboardInterrupt")
            again = client.execute_interactive("made = pipe.synth('cdk.out')", timeout=120)
            assert again["content"]["status"] == "ok", again["content"]
        assert (tmp_path / "cdk.out" / "chain.template.json").exists()
        assert [path.name for path in tmp_path.iterdir()] == ["cdk.out"]
