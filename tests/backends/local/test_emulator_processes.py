"""Nothing stays behind, two live side by side, and functions see their own environment only."""

from __future__ import annotations

import hashlib
import io
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import textwrap
import time
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import pytest

from lakenb.backends.local import server_process
from lakenb.backends.local.emulator import start_emulator
from lakenb.errors import LocalRunError
from tests.backends.local.embedded import (
    LOG_WRITER,
    eventually,
    function,
    function_role,
    invoke,
    listens,
    named,
)

if TYPE_CHECKING:
    from lakenb.backends.local.emulator import LocalEmulator

ROOT = Path(__file__).parents[3]
LOOK_AROUND = """
import importlib.util, os, sys

def handle(event, context):
    def sees(name):
        return importlib.util.find_spec(name) is not None
    return {
        "environment": dict(os.environ), "path": sys.path, "folder": os.getcwd(), "pid": os.getpid(),
        "sees": {name: sees(name) for name in ("boto3", "pandas", "ministack", "lakenb", "yaml")},
        "context": [context.function_name, context.log_group_name, context.memory_limit_in_mb],
    }
"""
LAMBDA_SETS = {
    "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_REGION", "AWS_DEFAULT_REGION",
    "AWS_EXECUTION_ENV", "AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
    "AWS_LAMBDA_FUNCTION_VERSION", "AWS_LAMBDA_INITIALIZATION_TYPE", "AWS_LAMBDA_LOG_GROUP_NAME",
    "AWS_LAMBDA_LOG_STREAM_NAME", "LAMBDA_TASK_ROOT", "LAMBDA_RUNTIME_DIR", "LANG", "PATH", "TZ", "_HANDLER",
}  # fmt: skip
# What finding the embedded AWS needs, and what the emulator's worker program tells itself.
WE_ADD = {"AWS_ENDPOINT_URL", "TMPDIR", "AWS_DISABLE_HOST_PREFIX_INJECTION", "_LAMBDA_FUNCTION_ARN",
          "_LAMBDA_TIMEOUT", "_MINISTACK_INVOKE_DEPTH"}  # fmt: skip


def looking(emulator: LocalEmulator, **options: Any) -> dict[str, Any]:
    name = named("look")
    role = function_role(emulator, name, LOG_WRITER)
    own = {"Variables": {"LAKENB_NODE": "n", "HOME": "/own"}}
    function(emulator, name, role, LOOK_AROUND, Environment=own, **options)
    found: dict[str, Any] = invoke(emulator, name)
    return found


def test_function_sees_its_zip_and_boto3_and_no_environment_but_its_own(
    emulator: LocalEmulator,
) -> None:
    found = looking(emulator, LoggingConfig={"LogGroup": "/own/group"})
    environment = found["environment"]
    assert set(environment) == LAMBDA_SETS | WE_ADD | {"LAKENB_NODE", "HOME"}
    assert environment["LAKENB_NODE"] == "n"
    assert environment["HOME"] == "/own"
    assert environment["AWS_LAMBDA_LOG_GROUP_NAME"] == "/own/group"
    assert environment["AWS_ACCESS_KEY_ID"] != emulator.access_key
    everything = json.dumps(found)
    for secret in (emulator.token, emulator.secret_key, emulator.access_key):
        assert secret not in everything
    assert found["sees"] == {
        "boto3": True,
        "pandas": False,
        "ministack": False,
        "lakenb": False,
        "yaml": False,
    }
    assert found["path"][0] == found["folder"]
    assert not any("site-packages" in entry for entry in found["path"])
    assert found["context"][1:] == ["/own/group", 128]


def test_users_own_aws_settings_play_no_part(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    settings = tmp_path / "config"
    settings.write_text(
        "[profile production]\nregion = eu-north-1\nendpoint_url = http://127.0.0.1:9\nrole_arn = x\n"
    )
    for name, value in {
        "AWS_PROFILE": "production", "AWS_CONFIG_FILE": str(settings), "AWS_ACCESS_KEY_ID": "AKIAUSERSOWNKEY",
        "AWS_SECRET_ACCESS_KEY": "users-own", "AWS_SESSION_TOKEN": "own", "AWS_DEFAULT_REGION": "eu-north-1",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9", "HTTP_PROXY": "http://127.0.0.1:9",
        "AWS_USE_FIPS_ENDPOINT": "true", "PYTHONPATH": str(tmp_path), "LAKENB_SEEN": "no",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    with start_emulator() as running:
        assert running.client("sts").get_caller_identity()["Arn"].endswith("user/lakenb-deployer")
        environment = looking(running)["environment"]
        assert set(environment) == LAMBDA_SETS | WE_ADD | {"LAKENB_NODE", "HOME"}
        assert environment["AWS_REGION"] == "us-east-1"
        server = psutil.Process(running.pid).environ()
        assert not {"AWS_PROFILE", "PYTHONPATH", "LAKENB_SEEN", "HOME"} & set(server)


def test_function_that_brings_its_own_package_gets_that_one(emulator: LocalEmulator) -> None:
    """A process of its own then: the one with boto3 loaded would show the other."""
    name = named("own")
    role = function_role(emulator, name)
    code = "import jmespath\n\ndef handle(event, context):\n    return jmespath.__file__\n"
    function(emulator, name, role, code)
    assert "/runtime/" in invoke(emulator, name)
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("tested.py", code)
        archive.writestr("jmespath/__init__.py", "")
    functions = emulator.client("lambda")
    functions.update_function_code(FunctionName=name, ZipFile=content.getvalue())
    functions.get_waiter("function_updated_v2").wait(FunctionName=name, WaiterConfig={"Delay": 1})
    assert invoke(emulator, name).endswith("/code/jmespath/__init__.py")


def test_secrets_are_in_no_argument_and_no_environment(emulator: LocalEmulator) -> None:
    looking(emulator)
    server = psutil.Process(emulator.pid)
    for process in (server, *server.children(recursive=True)):
        visible = json.dumps([process.cmdline(), process.environ()])
        for secret in (emulator.token, emulator.secret_key):
            assert secret not in visible
    assert emulator.token not in repr(emulator)


def test_roles_credentials_cannot_be_computed_from_names(emulator: LocalEmulator) -> None:
    found = looking(emulator)["environment"]
    arn = found["_LAMBDA_FUNCTION_ARN"]
    role = f"arn:aws:iam::{emulator.account}:role/{found['AWS_LAMBDA_FUNCTION_NAME']}"
    digest = hashlib.sha256(f"{arn}:{role}".encode()).hexdigest()
    assert found["AWS_ACCESS_KEY_ID"] != f"ASIA{digest[:16].upper()}"
    assert found["AWS_SECRET_ACCESS_KEY"] != hashlib.sha256(f"secret:{digest}".encode()).hexdigest()


def test_time_limit_ends_the_invocation(emulator: LocalEmulator) -> None:
    name = named("slow")
    code = "import time\n\ndef handle(event, context):\n    time.sleep(event)\n    return 'done'\n"
    function(emulator, name, function_role(emulator, name), code, timeout=1)
    began = time.monotonic()
    assert "Task timed out after 1.00 seconds" in invoke(emulator, name, 30)["errorMessage"]
    assert time.monotonic() - began < 6
    assert invoke(emulator, name, 0) == "done"


def test_stop_leaves_no_process_no_port_and_no_file() -> None:
    running = start_emulator()
    looking(running)
    home, port = running.home, int(running.endpoint.rsplit(":", 1)[1])
    server = psutil.Process(running.pid)
    family = [server, *server.children(recursive=True)]
    assert len(family) >= 3  # the server, the warm process, the function
    began = time.monotonic()
    running.stop()
    assert time.monotonic() - began < 2
    assert all(gone(process) for process in family)
    assert not home.exists()
    assert not listens(port, family)
    running.stop()
    assert repr(running).startswith("<LocalEmulator stopped")


def gone(process: psutil.Process) -> bool:
    """Return whether a process runs no more; a dead one may wait for its burial."""
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


PARENT = textwrap.dedent("""
    import json, sys, time
    sys.path.insert(0, sys.argv[1])
    from lakenb.backends.local.emulator import start_emulator
    from tests.backends.local.test_emulator_processes import looking
    running = start_emulator()
    found = looking(running)
    print(json.dumps([running.pid, found["pid"], str(running.home), running.endpoint]), flush=True)
    time.sleep(600)
""")


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_parents_death_ends_everything(number: signal.Signals) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, str(ROOT)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as parent:
        assert parent.stdout is not None
        server, worker, home, endpoint = json.loads(parent.stdout.readline())
        family = [
            psutil.Process(server),
            psutil.Process(worker),
            *psutil.Process(server).children(recursive=True),
        ]
        assert Path(home).exists()
        assert listens(int(endpoint.rsplit(":", 1)[1]), family)
        os.kill(parent.pid, number)
        parent.wait(timeout=10)
        eventually(lambda: all(gone(process) for process in family), deadline=2)
        eventually(lambda: not Path(home).exists(), deadline=2)
        assert not listens(int(endpoint.rsplit(":", 1)[1]), family)


def test_servers_death_ends_its_functions_and_is_said_clearly() -> None:
    with start_emulator() as running:
        worker = psutil.Process(looking(running)["pid"])
        os.kill(running.pid, signal.SIGKILL)
        eventually(lambda: gone(worker), deadline=2)
        with pytest.raises(LocalRunError, match="does not answer any more"):
            running.state()
        home = running.home
    assert not home.exists()


def test_two_live_side_by_side() -> None:
    with start_emulator() as one, start_emulator(account="444455556666", region="eu-west-1") as two:
        for running in (one, two):
            running.client("s3").create_bucket(**bucket_in(running))
        two.client("sqs").create_queue(QueueName="only-here")
        assert one.state().queues == ()
        assert two.state().queue("only-here").arn == "arn:aws:sqs:eu-west-1:444455556666:only-here"
        assert one.endpoint != two.endpoint
        assert one.token != two.token
        one.stop()
        assert two.client("s3").list_buckets()["Buckets"][0]["Name"] == "same-name"
        assert two.client("sts").get_caller_identity()["Account"] == "444455556666"


def bucket_in(running: LocalEmulator) -> dict[str, Any]:
    where = {} if running.region == "us-east-1" else {
        "CreateBucketConfiguration": {"LocationConstraint": running.region}
    }  # fmt: skip
    return {"Bucket": "same-name", **where}


def test_server_that_dies_at_its_start_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    before = set(homes())
    monkeypatch.setattr(
        server_process, "PROGRAM", "import sys; sys.stderr.write('one\\nthe reason\\n'); sys.exit(3)"
    )
    with pytest.raises(LocalRunError) as refused:
        start_emulator()
    assert refused.value.fault.what == "the embedded AWS ended while it started"
    assert "the reason" in refused.value.fault.mend
    assert set(homes()) == before


def homes() -> list[Path]:
    return list(Path(tempfile.gettempdir()).glob("lakenb-aws-*"))


def test_another_version_of_the_emulator_is_refused_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    changed = server_process.PROGRAM.replace(
        "main()",
        "import importlib; b = importlib.import_module('launcher.border'); b.VERSION = '0.0.1'; main()",
    )
    monkeypatch.setattr(server_process, "PROGRAM", changed)
    with pytest.raises(LocalRunError) as refused:
        start_emulator()
    assert refused.value.fault.what == (
        "the emulator is ministack 1.5.33, but this launcher was written for 0.0.1"
    )


def test_interrupt_while_it_starts_leaves_nothing() -> None:
    code = textwrap.dedent("""
        import sys
        sys.path.insert(0, sys.argv[1])
        from lakenb.backends.local.environment import emulator_python
        emulator_python()
        from lakenb.backends.local.emulator import start_emulator
        print("now", flush=True)
        try:
            start_emulator()
        except KeyboardInterrupt:
            print("interrupted", flush=True)
    """)
    for moment in (0.0, 0.02, 0.05, 0.1, 0.2, 0.3):
        before = set(homes())
        with subprocess.Popen(
            [sys.executable, "-c", code, str(ROOT)],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        ) as parent:
            assert parent.stdout is not None
            assert parent.stdout.readline() == "now\n"
            time.sleep(moment)  # the moment of the interrupt is the case
            family = psutil.Process(parent.pid).children(recursive=True)
            parent.send_signal(signal.SIGINT)
            parent.wait(timeout=10)
        eventually(lambda family=family: all(gone(process) for process in family), deadline=2)
        eventually(lambda before=before: set(homes()) <= before, deadline=2)


def test_fork_of_ours_that_ends_is_not_our_end() -> None:
    code = textwrap.dedent("""
        import os, sys
        sys.path.insert(0, sys.argv[1])
        from lakenb.backends.local.emulator import start_emulator
        with start_emulator() as running:
            child = os.fork()
            if not child:
                sys.exit(0)  # with all its atexit functions
            os.waitpid(child, 0)
            print(running.client("sts").get_caller_identity()["Account"])
    """)
    done = subprocess.run(
        [sys.executable, "-c", code, str(ROOT)], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.stdout == "111122223333\n"


def test_parents_death_is_noticed_while_its_fork_holds_the_pipe() -> None:
    code = textwrap.dedent("""
        import os, sys, time
        sys.path.insert(0, sys.argv[1])
        from lakenb.backends.local.emulator import start_emulator
        running = start_emulator()
        child = os.fork()
        if not child:
            time.sleep(60)
        print(running.pid, child, flush=True)
        time.sleep(600)
    """)
    with subprocess.Popen(
        [sys.executable, "-c", code, str(ROOT)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as parent:
        assert parent.stdout is not None
        server, child = (psutil.Process(int(word)) for word in parent.stdout.readline().split())
        parent.kill()
        parent.wait(timeout=10)
        eventually(lambda: gone(server), deadline=3)
        child.kill()


def test_full_temporary_folder_is_said_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    before = set(homes())
    monkeypatch.setattr(server_process, "_SPACE_BYTES", 2**60)
    with pytest.raises(LocalRunError) as refused:
        start_emulator()
    fault = refused.value.fault
    assert fault.what.startswith("there is no space left for a local run: ")
    assert fault.where == f"the temporary folder {tempfile.gettempdir()}"
    assert fault.mend == "free some space, or name another folder with TMPDIR"
    assert set(homes()) == before


def test_machine_that_cannot_start_functions_is_said_instead_of_waited_for() -> None:
    """A function that cannot be started is retried for minutes: no open files here, as with a full disk."""
    with start_emulator() as running:
        name = named("full")
        function(running, name, function_role(running, name), "def handle(event, context):\n    return 1\n")
        running.state()
        server = psutil.Process(running.pid)
        soft, hard = server.rlimit(psutil.RLIMIT_NOFILE)
        server.rlimit(psutil.RLIMIT_NOFILE, (server.num_fds(), hard))
        invoke(running, name)
        server.rlimit(psutil.RLIMIT_NOFILE, (soft, hard))
        with pytest.raises(LocalRunError) as refused:
            running.state()
        assert refused.value.fault.what == (
            f"the embedded AWS cannot work on this machine: {name} cannot be started: Too many open files"
        )
        assert "TMPDIR" in refused.value.fault.mend


def test_closed_connections_do_not_pile_up() -> None:
    with start_emulator() as running:
        host, port = running.endpoint.removeprefix("http://").split(":")
        before = psutil.Process(running.pid).num_fds()
        for _ in range(100):
            with socket.create_connection((host, int(port))) as connection:
                connection.sendall(b"GET /_lakenb/state HTTP/1.1\r\nHost: x\r\n\r\n")
                assert b"403" in connection.recv(4096)
        for _ in range(100):
            running.state()
        eventually(lambda: psutil.Process(running.pid).num_fds() <= before + 5, deadline=3)
