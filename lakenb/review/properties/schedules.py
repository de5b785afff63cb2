"""P10 of schedules: what starts a trigger at its times reaches its queue, or its dead-letter queue."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakenb.iam.proof.values import Verdict
from lakenb.review.properties.messages import keeps_undelivered
from lakenb.review.properties.reading import Said, said, worst

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakenb.graph.steps import Step
    from lakenb.iam.stacks.world import Resource
    from lakenb.review.find import FoundNode
    from lakenb.review.properties.surroundings import Surroundings
    from lakenb.review.properties.values import PropertyResult

_TIME = "<aws.scheduler.scheduled-time>"
_Check = tuple[Said, Verdict, str]


def schedules(
    around: Surroundings, name: str, node: FoundNode, step: Step | None
) -> Iterator[PropertyResult]:
    """Return the results for a trigger that a schedule of the template starts."""
    schedule = around.resource(node.state.schedule)
    if schedule is None:
        return
    checks = [*_reaches(around, node, schedule), *([] if step is None else _as_chosen(schedule, step))]
    verdict = worst([found for _, found, _ in checks])
    place, _, mend = next(check for check in checks if check[1] is verdict)
    text = f"the schedule of '{name}' starts it at its times"
    yield around.result("P10", name, text, verdict, place, mend)
    yield keeps_undelivered(around, name, said(schedule, "Target"))


def _reaches(around: Surroundings, node: FoundNode, schedule: Resource) -> Iterator[_Check]:
    target, role = said(schedule, "Target", "Arn"), said(schedule, "Target", "RoleArn")
    yield target, target.equals(around.arn(node.queue)), "name the node's queue in Target.Arn"
    own = around.arn(node.state.schedule_role) if node.state.schedule_role != node.role else ""
    verdict = role.equals(own) if own else Verdict.FAILED
    yield role, verdict, "name the node's role for schedules in Target.RoleArn"
    # EventBridge Scheduler User Guide, "Adding context attributes": what the function tells firings apart by
    told = said(schedule, "Target", "Input").document().at("scheduledTime")
    mend = f'let Target.Input be {{"scheduledTime": "{_TIME}"}}, with what else it needs'
    yield told, told.equals(_TIME), mend
    state = said(schedule, "State")
    switched = state.equals("ENABLED") if state.is_there else Verdict.PROVED
    yield state, switched, "set State to ENABLED, or leave it out"
    for ending in ("StartDate", "EndDate"):
        place = said(schedule, ending)
        if place.is_there:
            verdict = Verdict.FAILED if place.is_known else Verdict.UNDECIDED
            yield place, verdict, f"leave {ending} out: nobody asked for it"


def _as_chosen(schedule: Resource, step: Step) -> Iterator[_Check]:
    """Yield whether a schedule says what the pipeline asks for.

    EventBridge Scheduler API Reference, CreateSchedule: without a time zone UTC counts.
    """
    when, zone = said(schedule, "ScheduleExpression"), said(schedule, "ScheduleExpressionTimezone")
    wanted, wanted_zone = str(getattr(step, "schedule", "")), str(getattr(step, "timezone", "UTC"))
    yield when, when.equals(wanted), f"set ScheduleExpression to {wanted}"
    is_default = not zone.is_there and wanted_zone == "UTC"
    verdict = Verdict.PROVED if is_default else zone.equals(wanted_zone)
    yield zone, verdict, f"set ScheduleExpressionTimezone to {wanted_zone}"
    minutes = _minutes(step)
    mode, most = (said(schedule, "FlexibleTimeWindow", one) for one in ("Mode", "MaximumWindowInMinutes"))
    yield mode, mode.equals("FLEXIBLE" if minutes else "OFF"), "set FlexibleTimeWindow.Mode as it was chosen"
    if minutes:
        yield most, most.equals(minutes), f"set FlexibleTimeWindow.MaximumWindowInMinutes to {minutes}"


def _minutes(step: Step) -> int:
    window = getattr(step, "flexible_window", None)
    return 0 if window is None else int(window.total_seconds() // 60)
