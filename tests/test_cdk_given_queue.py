"""`PipelineConstruct` with what an app's own constructs give a trigger: a queue, and where documents lie."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.test_cdk import run_app, template

if TYPE_CHECKING:
    from pathlib import Path

APP = """
stack = cdk.Stack(app, "shop")
queue, bucket = sqs.Queue(stack, "Orders"), s3.Bucket(stack, "Papers")
places = [f"s3://{bucket.bucket_name}/in/"]
intake = lk.SqsTrigger("intake", queue=queue, documents_in=places)
daily = lk.SchedulerTrigger("daily", schedule="rate(1 day)", documents=[f"s3://{bucket.bucket_name}/list.csv"])
pipe = lk.Pipeline("orders", lk.S3Storage("results").with_sources(intake, daily))
made = PipelineConstruct(stack, "Orders1", pipeline=pipe)
print(json.dumps([stack.resolve(queue.queue_arn), stack.resolve(bucket.bucket_name)]))
print(json.dumps(made.resource("daily", "Schedule").cfn_resource_type))
app.synth()
"""


def test_a_queue_and_a_bucket_of_the_app_are_taken_by_reference(tmp_path: Path) -> None:
    (queue, bucket), kind = run_app(APP, tmp_path)
    resources = template(tmp_path)["Resources"]
    assert kind == "AWS::Scheduler::Schedule"
    mappings = [
        made["Properties"]["EventSourceArn"]
        for made in resources.values()
        if made["Type"] == "AWS::Lambda::EventSourceMapping"
    ]
    assert queue in mappings
    named = [name for name, made in resources.items() if made["Type"] == "AWS::SQS::Queue"]
    assert len(named) == 1 + 2 + 2 + 1  # the app's, two of daily and of results, intake's dead letters
    (receive,) = [
        statement["Resource"]
        for made in resources.values()
        if made["Type"] == "AWS::IAM::Role"
        for statement in made["Properties"]["Policies"][0]["PolicyDocument"]["Statement"]
        if statement["Sid"] == "ReceiveQueue" and statement["Resource"] == queue
    ]
    assert receive == queue
    reads = json.dumps(resources)
    assert json.dumps(["", ["arn:", {"Ref": "AWS::Partition"}, ":s3:::", bucket, "/in/*"]]) in reads
    assert json.dumps(["", ["arn:", {"Ref": "AWS::Partition"}, ":s3:::", bucket, "/list.csv"]]) in reads
