"""Deploy a template on the embedded AWS by its CloudFormation, as it stands."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from lakenb.backends.local.platform_check import refuse_unloadable
from lakenb.backends.local.regions import in_region
from lakenb.backends.local.stack import Stack
from lakenb.errors import DeploymentError
from lakenb.packaging.assets import asset_bucket, asset_key
from lakenb.packaging.zips import function_zip
from lakenb.template.build import to_json
from lakenb.template.split import STACK, split, template_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from lakenb.backends.local.seam import Emulator
    from lakenb.graph.code import Code

# AWS CloudFormation User Guide, quotas: a template in the call itself
_INLINE_BYTES = 51_200
_DEADLINE_S = 120.0
_POLL_S = 0.05


def deploy(emulator: Emulator, name: str, template: Mapping[str, Any], codes: Iterable[Code]) -> Stack:
    """Deploy a template, with nested stacks where one cannot hold it, and wait until it stands.

    Parameters
    ----------
    emulator
        A started embedded AWS.
    name
        The stack's name.
    template
        The whole template; it is not altered.
    codes
        What the functions' zips are made of.

    Raises
    ------
    DeploymentError
        With CloudFormation's own reasons.
    EnvironmentSetupError
        If a function brings machine code that this system cannot load.
    """
    codes = sorted(set(codes))
    refuse_unloadable(codes)
    bucket = asset_bucket(emulator.account, emulator.region)
    s3 = emulator.client("s3")
    s3.create_bucket(Bucket=bucket, **in_region(emulator))
    for code in codes:
        made = function_zip(code)
        s3.put_object(Bucket=bucket, Key=asset_key(made.hash), Body=made.build())
    whole = split(template)
    for nested in whole.nested.values():
        s3.put_object(Bucket=bucket, Key=template_key(nested), Body=to_json(nested).encode())
    body = to_json(whole.root)
    source = {"TemplateBody": body}
    if len(body.encode()) > _INLINE_BYTES:
        s3.put_object(Bucket=bucket, Key="template.json", Body=body.encode())
        source = {"TemplateURL": f"{emulator.endpoint}/{bucket}/template.json"}
    formation = emulator.client("cloudformation")
    try:
        formation.create_stack(StackName=name, Capabilities=["CAPABILITY_IAM"], **source)
    except ClientError as error:
        raise _refusal(name, error.response["Error"]["Message"]) from error
    _wait(formation, name)
    physical = dict(_physical(formation, name))
    return Stack(name, emulator.account, emulator.region, template, physical, whole)


def _physical(formation: Any, stack: str) -> Iterator[tuple[str, str]]:
    """Yield logical and physical ids of a stack and of those nested in it."""
    for page in formation.get_paginator("list_stack_resources").paginate(StackName=stack):
        for summary in page["StackResourceSummaries"]:
            yield summary["LogicalResourceId"], summary["PhysicalResourceId"]
            if summary["ResourceType"] == STACK:
                yield from _physical(formation, summary["PhysicalResourceId"])


def _wait(formation: Any, name: str) -> None:
    deadline = time.monotonic() + _DEADLINE_S
    while time.monotonic() < deadline:
        status = formation.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"]
        if status == "CREATE_COMPLETE":
            return
        if not status.endswith("_IN_PROGRESS"):
            raise _refusal(name, f"{_reasons(formation, name)} ({status})")
        time.sleep(_POLL_S)
    raise DeploymentError(
        f"the stack did not stand after {_DEADLINE_S:.0f} s", f"stack {name!r}", "look at the machine's load"
    )


def _refusal(name: str, reason: str) -> DeploymentError:
    return DeploymentError(
        f"the embedded AWS refused the template: {reason}",
        f"stack {name!r}",
        "mend what the reason names; if the template is right, the embedded AWS lacks something",
    )


def _reasons(formation: Any, name: str) -> str:
    """Return what CloudFormation says: of its checks beforehand, else of the resources that failed."""
    reasons = []
    if hasattr(
        formation, "describe_events"
    ):  # CloudFormation's checks are told there alone; boto3 1.40 lacks it
        reasons = [
            f"{event['LogicalResourceId']}: {event['ValidationStatusReason']}"
            for event in formation.describe_events(StackName=name)["OperationEvents"]
            if event.get("ValidationStatus") == "FAILED"
        ]
    reasons = reasons or list(_failed(formation, name))
    return "; ".join(dict.fromkeys(reasons)) or "no reason given"


def _failed(formation: Any, name: str) -> Iterator[str]:
    """Yield which resources of a stack failed and why; those of a nested stack behind the stack's id."""
    for event in reversed(formation.describe_stack_events(StackName=name)["StackEvents"]):
        if not event["ResourceStatus"].endswith("_FAILED") or not event.get("ResourceStatusReason"):
            continue
        logical_id = event["LogicalResourceId"]
        within = list(_failed_within(formation, f"{name}-{logical_id}-"))
        yield from (f"{logical_id}/{reason}" for reason in within)
        if not within:
            yield f"{logical_id}: {event['ResourceStatusReason']}"


def _failed_within(formation: Any, beginning: str) -> Iterator[str]:
    """Yield the same of nested stacks: their names begin with the root's and their own id."""
    for stack in formation.describe_stacks()["Stacks"]:
        if stack["StackName"].startswith(beginning):
            yield from _failed(formation, stack["StackName"])
