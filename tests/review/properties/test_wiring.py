from __future__ import annotations

from typing import Any

import pytest

from lakenb.iam.proof.values import Verdict
from tests.examples import letters
from tests.review.handmade import arn
from tests.review.properties.examined import adding, altered, changed, examined, faults, open_ones, without

PIPE = letters()
PLAIN = PIPE.template()
EDGE = "ResultsFromParagraphsSubscription"


@pytest.mark.parametrize("part", ["Runtime", "Handler", "Code", "Architectures"])
def test_p10_wants_a_function_to_say_what_it_runs(part: str) -> None:
    assert faults(without(PLAIN, "ParagraphsFunction", "Properties", part), PIPE) == [
        ("P10", "ParagraphsFunction", f"Properties.{part}")
    ]


def test_p10_leaves_the_processor_of_other_peoples_functions_to_aws() -> None:
    template = without(PLAIN, "ParagraphsFunction", "Properties", "Architectures")
    assert faults(template) == []


def test_p10_wants_a_node_to_run_the_handler_of_its_middleware() -> None:
    variable = ("Properties", "Environment", "Variables", "LAKENB_HANDLER")
    other = changed(PLAIN, "ParagraphsFunction", *variable, to="lakenb.runtime.handlers.passthrough")
    assert faults(other, PIPE) == [("P10", "ParagraphsFunction", ".".join(variable))]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Handler", "index.handler"),
        ("Runtime", "nodejs22.x"),
        ("Architectures", ["mips"]),
        ("Code", {"S3Key": "k"}),
    ],
)
def test_p10_wants_a_node_to_run_lakenbs_own_code(name: str, value: object) -> None:
    template = changed(PLAIN, "ParagraphsFunction", "Properties", name, to=value)
    assert faults(template, PIPE) == [("P10", "ParagraphsFunction", f"Properties.{name}")]


def test_p10_takes_a_function_made_of_an_image() -> None:
    def by_image(resources: dict[str, Any]) -> None:
        properties = resources["ParagraphsFunction"]["Properties"]
        for part in ("Runtime", "Handler"):
            del properties[part]
        properties |= {"PackageType": "Image", "Code": {"ImageUri": "image"}}

    template = altered(PLAIN, by_image)
    assert faults(template, PIPE) == []
    assert faults(without(template, "ParagraphsFunction", "Properties", "Code", "ImageUri"), PIPE) == [
        ("P10", "ParagraphsFunction", "Properties.Code.ImageUri")
    ]


def test_p1_sees_a_function_with_a_nodes_role() -> None:
    template = adding(PLAIN, "Second", "AWS::Lambda::Function", Role=arn("ParagraphsRole"))
    found = [one for one in examined(template, PIPE) if one.verdict is Verdict.FAILED]
    assert [(one.claim, one.subject, one.logical_id) for one in found] == [
        ("P1", "paragraphs", "ParagraphsFunction")
    ]
    assert found[0].evidence == "Properties.Role = ${ParagraphsRole.Arn}, which is also the role of Second"
    swapped = changed(PLAIN, "ParagraphsFunction", "Properties", "Role", to=arn("ResultsRole"))
    assert {claim for claim, *_ in faults(swapped, PIPE)} == {"P1"}
    assert {logical_id for _, logical_id, _ in faults(swapped, PIPE)} == {
        "ParagraphsFunction",
        "ResultsFunction",
    }


def test_p1_of_a_function_without_a_role_fails() -> None:
    template = without(PLAIN, "ParagraphsFunction", "Properties", "Role")
    assert ("P1", "ParagraphsFunction", "Properties.Role") in faults(template, PIPE)


def test_p1_of_a_role_that_is_not_in_the_template_is_undecided() -> None:
    template = changed(
        PLAIN, "ParagraphsFunction", "Properties", "Role", to="arn:aws:iam::111122223333:role/theirs"
    )
    assert ("P1", "ParagraphsFunction", "Properties.Role") in open_ones(template, PIPE)


@pytest.mark.parametrize("graph", [PIPE, None])
def test_p10_wants_each_queue_to_feed_its_function(graph: Any) -> None:
    off = changed(PLAIN, "ParagraphsMapping", "Properties", "Enabled", to=False)
    assert faults(off, graph) == [("P10", "ParagraphsMapping", "Properties.Enabled")]
    assert faults(changed(PLAIN, "ParagraphsMapping", "Properties", "Enabled", to="true"), graph) == []


def test_p10_wants_partial_batch_failures_to_be_heard() -> None:
    place = ("P10", "ParagraphsMapping", "Properties.FunctionResponseTypes")
    assert faults(without(PLAIN, "ParagraphsMapping", "Properties", "FunctionResponseTypes"), PIPE) == [place]
    assert faults(
        changed(PLAIN, "ParagraphsMapping", "Properties", "FunctionResponseTypes", to=[]), PIPE
    ) == [place]


def test_p10_sees_a_filter_by_which_lambda_deletes_messages_unread() -> None:
    criteria = {"Filters": [{"Pattern": '{"body": {"type": ["x"]}}'}]}
    template = changed(PLAIN, "ParagraphsMapping", "Properties", "FilterCriteria", to=criteria)
    assert faults(template, PIPE) == [("P10", "ParagraphsMapping", "Properties.FilterCriteria.Filters")]


def test_p10_sees_a_function_that_may_never_start() -> None:
    never = changed(PLAIN, "ParagraphsFunction", "Properties", "ReservedConcurrentExecutions", to=0)
    assert faults(never, PIPE) == [("P10", "ParagraphsFunction", "Properties.ReservedConcurrentExecutions")]
    few = changed(PLAIN, "ParagraphsFunction", "Properties", "ReservedConcurrentExecutions", to=2)
    assert faults(few, PIPE) == []


def test_p10_wants_a_message_hidden_while_it_is_being_worked_on() -> None:
    place = [("P10", "ParagraphsQueue", "Properties.VisibilityTimeout")]
    assert faults(changed(PLAIN, "ParagraphsQueue", "Properties", "VisibilityTimeout", to=59)) == place
    # longer than the time-out, and shorter than what the pipeline asks for
    assert faults(changed(PLAIN, "ParagraphsQueue", "Properties", "VisibilityTimeout", to=60), PIPE) == place
    assert faults(changed(PLAIN, "ParagraphsQueue", "Properties", "VisibilityTimeout", to=60)) == []
    # SQS hides for half a minute where nothing is written
    assert faults(without(PLAIN, "ParagraphsQueue", "Properties", "VisibilityTimeout"), PIPE) == place
    assert faults(changed(PLAIN, "ParagraphsFunction", "Properties", "Timeout", to=900)) == place


def test_p10_of_a_timeout_that_cannot_be_read_is_undecided() -> None:
    template = changed(PLAIN, "ParagraphsFunction", "Properties", "Timeout", to={"Fn::ImportValue": "x"})
    assert faults(template) == []
    assert open_ones(template) == [("P10", "ParagraphsQueue", "Properties.VisibilityTimeout")]


def test_p10_wants_a_log_of_its_own_for_each_node() -> None:
    gone = without(PLAIN, "ParagraphsFunction", "Properties", "LoggingConfig")
    assert faults(gone, PIPE) == [("P10", "ParagraphsFunction", "Properties.LoggingConfig.LogGroup")]
    shared = changed(
        PLAIN, "ParagraphsFunction", "Properties", "LoggingConfig", "LogGroup", to={"Ref": "ResultsLogs"}
    )
    assert {logical_id for _, logical_id, _ in faults(shared, PIPE)} == {
        "ParagraphsFunction",
        "ResultsFunction",
    }


def test_p10_wants_logs_kept_as_long_as_the_pipeline_asks_and_not_for_ever() -> None:
    place = [("P10", "ParagraphsLogs", "Properties.RetentionInDays")]
    assert faults(without(PLAIN, "ParagraphsLogs", "Properties", "RetentionInDays"), PIPE) == place
    assert faults(changed(PLAIN, "ParagraphsLogs", "Properties", "RetentionInDays", to=1), PIPE) == place
    assert faults(changed(PLAIN, "ParagraphsLogs", "Properties", "RetentionInDays", to=30), PIPE) == place
    assert faults(changed(PLAIN, "ParagraphsLogs", "Properties", "RetentionInDays", to="7"), PIPE) == []


def test_p10_wants_a_subscription_for_each_edge() -> None:
    found = [one for one in examined(without(PLAIN, EDGE), PIPE) if one.verdict is Verdict.FAILED]
    assert [(one.claim, one.subject) for one in found] == [("P10", "paragraphs -> results")]
    assert found[0].evidence == "no subscription of the queue of 'results' to the topic of 'paragraphs'"
    assert found[0].mend == "add an SNS subscription from that topic to that queue"


@pytest.mark.parametrize(
    ("steps", "value"),
    [
        (("FilterPolicy",), {}),
        (("FilterPolicy",), {"type": ["document-created"]}),
        (("FilterPolicy", "type"), ["document-deleted"]),
        (("FilterPolicy", "data", "document", "size"), [{"numeric": [">", 101]}]),
        (("FilterPolicyScope",), "MessageAttributes"),
        (("Protocol",), "https"),
    ],
)
def test_p10_wants_the_filter_that_consumer_and_edge_ask_for(steps: tuple[str, ...], value: object) -> None:
    assert ("P10", EDGE, f"Properties.{steps[0]}") in faults(
        changed(PLAIN, EDGE, "Properties", *steps, to=value), PIPE
    )


@pytest.mark.parametrize("name", ["FilterPolicy", "FilterPolicyScope"])
def test_p10_misses_a_filter_that_is_dropped(name: str) -> None:
    assert faults(without(PLAIN, EDGE, "Properties", name), PIPE) == [("P10", EDGE, f"Properties.{name}")]


@pytest.mark.parametrize(
    ("resource", "name"),
    [
        ("ParagraphsQueue", "FifoQueue"),
        ("ParagraphsDeadLetters", "FifoQueue"),
        ("ParagraphsTopic", "FifoTopic"),
    ],
)
def test_p10_sees_queues_and_topics_that_are_fifo(resource: str, name: str) -> None:
    assert faults(changed(PLAIN, resource, "Properties", name, to=True), PIPE) == [
        ("P10", resource, f"Properties.{name}")
    ]
    assert faults(changed(PLAIN, resource, "Properties", name, to=False), PIPE) == []


def test_p10_of_what_cannot_be_read_is_undecided() -> None:
    unread = {"Fn::ImportValue": "x"}
    for resource, name in [
        ("ParagraphsMapping", "Enabled"),
        ("ParagraphsMapping", "FunctionResponseTypes"),
        ("ParagraphsMapping", "FilterCriteria"),
        ("ParagraphsMapping", "ScalingConfig"),
        ("ParagraphsFunction", "Architectures"),
        ("ParagraphsFunction", "LoggingConfig"),
        ("ParagraphsQueue", "VisibilityTimeout"),
        ("ParagraphsQueue", "FifoQueue"),
        ("ParagraphsLogs", "RetentionInDays"),
        ("ParagraphsFunction", "ReservedConcurrentExecutions"),
        (EDGE, "FilterPolicy"),
    ]:
        template = changed(PLAIN, resource, "Properties", name, to=unread)
        assert faults(template, PIPE) == [], name
        assert {one[:2] for one in open_ones(template, PIPE)} == {("P10", resource)}, name


@pytest.mark.parametrize("graph", [PIPE, None])
@pytest.mark.parametrize("part", ["Runtime", "Handler", "Code"])
def test_p10_of_a_function_that_cannot_be_read_is_undecided(part: str, graph: Any) -> None:
    template = changed(PLAIN, "ParagraphsFunction", "Properties", part, to={"Fn::ImportValue": "x"})
    assert faults(template, graph) == []
    assert open_ones(template, graph) == [("P10", "ParagraphsFunction", f"Properties.{part}")]


@pytest.mark.parametrize("part", ["Runtime", "Handler", "Code"])
def test_p10_wants_other_peoples_functions_to_say_what_they_run_too(part: str) -> None:
    place = [("P10", "ParagraphsFunction", f"Properties.{part}")]
    assert faults(without(PLAIN, "ParagraphsFunction", "Properties", part)) == place
    assert faults(changed(PLAIN, "ParagraphsFunction", "Properties", part, to="")) == place
