from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from tests.backends.local.embedded import function, function_role, invoke, named

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakenb.backends.local.emulator import LocalEmulator

WRITE = ("logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents")
TALKING = """
import time
def handle(event, context):
    for number in range(event["lines"]):
        print(f"{event['call']}:{number}")
        if number % 50 == 0:
            time.sleep(0.01)  # a pause, as work makes it: the log must not seem to be at its end
    print(f"{event['call']}:last", end="")
"""
HURRIED = """
import time
def handle(event, context):
    print("before the end")
    time.sleep(60)
"""


def logged(emulator: LocalEmulator, name: str) -> Iterator[str]:
    pages = emulator.client("logs").get_paginator("filter_log_events")
    for page in pages.paginate(logGroupName=f"/aws/lambda/{name}"):
        yield from (event["message"] for event in page["events"])


def talking(emulator: LocalEmulator, code: str, **options: Any) -> str:
    name = named("talking")
    resource = f"arn:aws:logs:*:*:log-group:/aws/lambda/{name}:*"
    role = function_role(emulator, name, {"Effect": "Allow", "Action": list(WRITE), "Resource": resource})
    function(emulator, name, role, code, **options)
    return name


def test_no_line_of_a_busy_function_is_lost(emulator: LocalEmulator) -> None:
    name, calls, lines = talking(emulator, TALKING), 16, 200
    # the other core is kept busy, as it is on a machine that does more than this
    with subprocess.Popen([sys.executable, "-c", "while True: pass"]) as busy:
        try:
            os.sched_yield()
            with ThreadPoolExecutor(8) as pool:
                list(
                    pool.map(
                        lambda call: invoke(emulator, name, {"call": call, "lines": lines}), range(calls)
                    )
                )
        finally:
            busy.kill()
    found = Counter(line.partition(":")[0] for line in logged(emulator, name) if line[0].isdigit())
    assert found == {str(call): lines + 1 for call in range(calls)}


def test_a_function_that_is_stopped_keeps_what_it_said_before(emulator: LocalEmulator) -> None:
    name = talking(emulator, HURRIED, timeout=1)
    answer = invoke(emulator, name, {})
    assert "timed out after 1.00 seconds" in answer["errorMessage"]
    assert "before the end" in list(logged(emulator, name))
