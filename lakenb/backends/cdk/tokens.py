"""A template for somebody else's stack: other places of code, names that leave room for other pipelines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_STACK_NAME = "${AWS::StackName}"
# A stack has these once: its owner writes them.
_OF_THE_STACK = ("AWSTemplateFormatVersion", "Description")


def in_stack_shared_by_others(template: Mapping[str, Any], pipeline: str, code_bucket: str) -> dict[str, Any]:
    """Return a template whose functions take their code from a bucket of CDK's, with names of its own.

    In explicit names the stack's name is followed by ``_`` and the pipeline's id. Neither holds an
    underscore, so no two such names are equal, and none is the beginning of another.

    Parameters
    ----------
    template
        What `build` returned, with CDK's object keys.
    pipeline
        The pipeline's id.
    code_bucket
        Name or token of the bucket with the functions' zips.

    Examples
    --------
    >>> function = {"Type": "AWS::Lambda::Function", "Properties": {"Code": {"S3Key": "key"}}}
    >>> queue = {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": {"Fn::Sub": "${AWS::StackName}_pdf"}}}
    >>> made = in_stack_shared_by_others({"Resources": {"F": function, "Q": queue}}, "letters", "assets")
    >>> made["Resources"]["F"]["Properties"]["Code"]
    {'S3Key': 'key', 'S3Bucket': 'assets'}
    >>> made["Resources"]["Q"]["Properties"]["QueueName"]
    {'Fn::Sub': '${AWS::StackName}_letters_pdf'}
    """
    kept = {key: value for key, value in template.items() if key not in _OF_THE_STACK}
    made: dict[str, Any] = _renamed(kept, f"{_STACK_NAME}_{pipeline}")
    for resource in made["Resources"].values():
        if resource["Type"] == "AWS::Lambda::Function":
            resource["Properties"]["Code"]["S3Bucket"] = code_bucket
    return made


def _renamed(value: Any, prefix: str) -> Any:
    match value:
        case {"Fn::Sub": str(text)} if len(value) == 1:
            return {"Fn::Sub": text.replace(_STACK_NAME, prefix)}
        case dict():
            return {key: _renamed(item, prefix) for key, item in value.items()}
        case list():
            return [_renamed(item, prefix) for item in value]
    return value
