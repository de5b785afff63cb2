"""Pipelines that pictures are made of, and what a drawn picture holds."""

from __future__ import annotations

from copy import deepcopy
from typing import Any
from xml.etree import ElementTree as ET

import lakenb as lk
from lakenb.views.picture import Picture, picture
from lakenb.views.seen import Seen, seen

SVG = "{http://www.w3.org/2000/svg}"


def seen_of(pipe: lk.Pipeline) -> Seen:
    return seen(pipe, pipe.template())


def picture_of(pipe: lk.Pipeline, **options: Any) -> Picture:
    return picture(seen_of(pipe), **options)


def fan(nodes: int) -> lk.Pipeline:
    """Return a trigger, so many splitters beside each other, and a store."""
    inbox, store = lk.S3Trigger("inbox"), lk.S3Storage("results")
    parts = (lk.RecursiveCharacterTextSplitter(f"part-{number:02}") for number in range(nodes))
    return lk.Pipeline("fan", *(inbox.pipe(part).pipe(store) for part in parts))


def branches(count: int) -> lk.Pipeline:
    """Return a converter with so many branches: splitter, pass-through, splitter, two connectors."""
    pdf = lk.S3Trigger("inbox").pipe(lk.PdfTextConverter("pdf"))
    ends = []
    for number in range(count):
        coarse = pdf.pipe(lk.RecursiveCharacterTextSplitter(f"coarse-{number}"))
        mark = coarse.pipe(lk.Passthrough(f"mark-{number}", metadata={"number": str(number)}))
        fine = mark.pipe(lk.RecursiveCharacterTextSplitter(f"fine-{number}"))
        ends += [fine.pipe(lk.S3Storage(f"copy-{number}")), mark.pipe(lk.S3Storage(f"raw-{number}"))]
    return lk.Pipeline("branches", *ends)


def forwarding() -> lk.Pipeline:
    """Return trigger, splitter, pass-through, store: the store's read is forwarded."""
    chunks = lk.S3Trigger("inbox").pipe(lk.RecursiveCharacterTextSplitter("chunks"))
    return lk.Pipeline(
        "forwarding", chunks.pipe(lk.Passthrough("mark", metadata={"a": "b"})).pipe(lk.S3Storage("results"))
    )


def with_stranger(pipe: lk.Pipeline) -> Seen:
    """Return a pipeline whose template lets a role of nobody's read the trigger's bucket."""
    template = deepcopy(pipe.template())
    statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": {"Fn::Sub": "${InboxStore.Arn}/*"}}
    policy = {"PolicyName": "Audit", "PolicyDocument": {"Version": "2012-10-17", "Statement": [statement]}}
    trust = {"Version": "2012-10-17", "Statement": []}
    properties = {"AssumeRolePolicyDocument": trust, "Policies": [policy]}
    template["Resources"]["Audit"] = {"Type": "AWS::IAM::Role", "Properties": properties}
    return seen(pipe, template)


def parsed(svg: str) -> ET.Element:
    return ET.fromstring(svg)  # noqa: S314 - our own picture; that it parses is what is tested


def texts(drawn: Picture) -> list[str]:
    """Return every line that the drawing shows, in one string for each label's span."""
    return [element.text or "" for element in parsed(drawn.svg).iter(f"{SVG}text")]


def tooltips(drawn: Picture, css_class: str) -> list[str]:
    groups = parsed(drawn.svg).iter(f"{SVG}g")
    return [group.findtext(f"{SVG}title") or "" for group in groups if group.get("class") == css_class]
