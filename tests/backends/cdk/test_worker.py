"""The worker under interrupts, kills, threads and forks: the next synth is right, nothing stays behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING

import psutil
import pytest

from lakenb.backends.cdk import program
from lakenb.backends.cdk.node import find_node
from lakenb.backends.cdk.process import SYNTHS_OF_A_WORKER
from lakenb.backends.cdk.synth import synth
from lakenb.backends.cdk.worker import WORKER
from lakenb.errors import SynthError
from tests.backends.cdk.kernels import eventually, is_ours, kernel
from tests.examples import chain, letters

if TYPE_CHECKING:
    from pathlib import Path

# What the worker with its node may hold: 500 fresh, 700 worn out.
MOST_MIB = 850


@pytest.mark.parametrize("whole_group", [False, True], ids=["kernel", "terminal"])
def test_after_an_interrupt_the_old_assembly_or_the_new_one_is_there_and_the_next_synth_is_right(
    tmp_path: Path, *, whole_group: bool
) -> None:
    script = """
print(is_ours(synth(letters(), out), letters()), flush=True)
interrupted = 0
while interrupted < 5:
    try:
        print("go", flush=True)
        synth(chain(30), out)
        synth(letters(), out)
    except KeyboardInterrupt:
        interrupted += 1
        names = [path.name for path in out.parent.iterdir()]
        whole = (out / "manifest.json").exists() and sorted(names) == ["cdk.out", "scratch"]
        print(whole, is_ours(synth(chain(3), out), chain(3)), flush=True)
print("end", flush=True)
"""
    with kernel(script, tmp_path) as victim:
        assert victim.line() == "True"
        for delay in (0.0, 0.05, 0.15, 0.3, 0.45):
            assert victim.line() == "go"
            time.sleep(delay)
            if whole_group:  # as Ctrl-C in a terminal
                os.killpg(victim.process.pid, signal.SIGINT)
            else:
                victim.process.send_signal(signal.SIGINT)
            told = victim.line()
            while told == "go":
                told = victim.line()
            assert told == "True True"
        assert victim.line() == "end"
        assert victim.process.wait(20) == 0
        assert victim.left_nothing()


def test_a_worker_that_was_killed_in_between_is_replaced(tmp_path: Path) -> None:
    synth(letters(), tmp_path / "a")
    killed = worker_pid()
    os.kill(killed, signal.SIGKILL)

    assert is_ours(synth(letters(), tmp_path / "b"), letters())
    assert worker_pid() != killed


def test_a_worker_that_is_killed_in_the_middle_is_asked_once_more(tmp_path: Path) -> None:
    synth(letters(), tmp_path / "a")
    killed = worker_pid()
    killer = threading.Timer(0.15, os.kill, (killed, signal.SIGKILL))
    killer.start()
    made = synth(chain(35), tmp_path / "b")
    killer.join()

    assert is_ours(made, chain(35))
    assert worker_pid() != killed


def test_a_worker_whose_node_was_killed_is_replaced(tmp_path: Path) -> None:
    synth(letters(), tmp_path / "a")
    for child in psutil.Process(worker_pid()).children(recursive=True):
        child.kill()

    assert is_ours(synth(letters(), tmp_path / "b"), letters())


def test_a_worker_that_dies_twice_is_told_with_its_last_words(tmp_path: Path) -> None:
    over = threading.Event()

    def kill_all() -> None:
        while not over.is_set():
            if (pid := WORKER.pid) is not None:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.02)

    killer = threading.Thread(target=kill_all)
    killer.start()
    try:
        with pytest.raises(SynthError, match=r"died twice over the same pipeline") as caught:
            synth(letters(), tmp_path / "a")
    finally:
        over.set()
        killer.join()

    assert "it ended with code -9" in caught.value.fault.mend
    assert not list(tmp_path.iterdir())
    assert is_ours(synth(letters(), tmp_path / "a"), letters())


def test_two_threads_each_get_their_own(tmp_path: Path) -> None:
    pipelines = {"few": chain(2), "many": chain(12), "letters": letters()}
    right: list[bool] = []

    def work(name: str) -> None:
        for turn in range(3):
            made = synth(pipelines[name], tmp_path / f"{name}-{turn}")
            right.append(is_ours(made, pipelines[name]))

    threads = [threading.Thread(target=work, args=(name,)) for name in pipelines]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert right == [True] * 9


def test_threads_that_write_to_one_folder_leave_one_whole_assembly(tmp_path: Path) -> None:
    pipelines = [chain(2), letters()]
    threads = [threading.Thread(target=synth, args=(pipe, tmp_path / "out")) for pipe in pipelines * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    last = "chain" if (tmp_path / "out" / "chain.template.json").exists() else "letters"
    other = {"chain": "letters", "letters": "chain"}[last]
    assert not (tmp_path / "out" / f"{other}.template.json").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_fifty_synths_in_a_row_use_workers_up_and_bound_their_memory(tmp_path: Path) -> None:
    WORKER.stop()
    pids, most = set(), 0.0
    for _ in range(50):
        synth(chain(8), tmp_path / "out")
        pids.add(worker_pid())
        most = max(most, resident_mib())

    # the one that starts at the last turn warms up for the next
    assert len(pids) == 50 // SYNTHS_OF_A_WORKER + 1
    assert most < MOST_MIB
    assert sum(psutil.pid_exists(pid) for pid in pids) == 1


@pytest.mark.parametrize("busy", [False, True], ids=["idle", "busy"])
def test_with_a_killed_kernel_worker_and_node_go(tmp_path: Path, *, busy: bool) -> None:
    script = """
synth(letters(), out)
print("go", flush=True)
BUSY and synth(chain(35), out)
time.sleep(60)
"""
    with kernel(script.replace("BUSY", str(busy)), tmp_path) as victim:
        assert victim.line() == "go"
        time.sleep(0.2)
        assert len(victim.others()) >= 2
        victim.process.kill()
        eventually(victim.left_nothing)
    assert (tmp_path / "cdk.out" / "manifest.json").exists()


def test_a_kernel_that_ends_leaves_nothing(tmp_path: Path) -> None:
    with kernel("synth(letters(), out)", tmp_path) as ended:
        out, err = ended.process.communicate(timeout=60)

        assert (out, err, ended.process.returncode) == ("", "", 0)
        assert ended.left_nothing()


def test_the_worker_outlives_no_kernel_whose_fork_goes_on(tmp_path: Path) -> None:
    script = """
synth(letters(), out)
if os.fork() == 0:
    time.sleep(60)
print("go", flush=True)
time.sleep(60)
"""
    with kernel(script, tmp_path) as victim:
        assert victim.line() == "go"
        victim.process.kill()
        # the fork itself is no process of ours to end: it alone stays
        eventually(lambda: not [one for one in victim.others() if "program.py" in " ".join(one.cmdline())])


def test_a_fork_gets_a_worker_of_its_own(tmp_path: Path) -> None:
    script = """
synth(letters(), out)
ours = WORKER.pid
child = os.fork()
if child == 0:
    right = is_ours(synth(chain(2), out.with_name("fork")), chain(2))
    os._exit(0 if right and WORKER.pid != ours else 1)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
print(is_ours(synth(letters(), out), letters()), WORKER.pid == ours, flush=True)
"""
    with kernel(script, tmp_path) as parent:
        assert parent.line() == "0"
        assert parent.line() == "True True"
        assert parent.process.wait(20) == 0
        eventually(lambda: not parent.others())


def worker_pid() -> int:
    pid = WORKER.pid
    assert pid is not None
    return pid


def resident_mib() -> float:
    worker = psutil.Process(worker_pid())
    family = [worker, *worker.children(recursive=True)]
    return sum(one.memory_info().rss for one in family) / 2**20


def test_a_worker_that_nobody_asks_ends_by_itself(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    idle = subprocess.Popen(
        [sys.executable, "-P", program.__file__, str(home), str(os.getpid()), "0.2"],
        env={**os.environ, **find_node().environment, "TMPDIR": str(home)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    with idle:
        assert idle.wait(30) == -signal.SIGKILL  # its whole group, itself last
    assert not home.exists()
