"""Read back a schedule: what CloudFormation forgets of it is applied by the service's own call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakenb.backends.local.seam import Emulator
    from lakenb.backends.local.stack import Stack

TYPE = "AWS::Scheduler::Schedule"
# what the embedded AWS's CloudFormation does not hand on
_FORGOTTEN = ("KmsKeyArn", "ScheduleExpressionTimezone")


def apply_to_schedules(emulator: Emulator, stack: Stack) -> Iterator[str]:
    """Apply what CloudFormation ignored of schedules, and yield a line for each."""
    scheduler = emulator.client("scheduler")
    for logical_id, made in stack.template["Resources"].items():
        if made["Type"] != TYPE:
            continue
        wanted = stack.resolve(made["Properties"])
        found = scheduler.get_schedule(GroupName=wanted["GroupName"], Name=stack.physical[logical_id])
        forgotten = [name for name in _FORGOTTEN if name in wanted and wanted[name] != found.get(name)]
        if forgotten:
            scheduler.update_schedule(**wanted)
            yield f"{logical_id}: {', '.join(forgotten)}"


def schedule(
    emulator: Emulator, stack: Stack, logical_id: str, wanted: dict[str, Any]
) -> Iterator[tuple[str, Any, Any]]:
    """Yield what a schedule is told to be and what it is, property by property."""
    scheduler = emulator.client("scheduler")
    found = scheduler.get_schedule(GroupName=wanted["GroupName"], Name=stack.physical[logical_id])
    for name, expected in wanted.items():
        yield name, expected, found.get(name)
