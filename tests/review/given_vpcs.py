"""A given VPC that lets a pipeline work, described whole; and the pipeline."""

from __future__ import annotations

import json
from typing import Any

import lakenb as lk
from lakenb.graph.network_parts import Endpoint, Route, Rule, SecurityGroup, Subnet

OPEN = json.dumps({"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}]})
SUBNET = Subnet("subnet-1", "vpc-1", "eu-west-1a", "rtb-1", (Route("10.0.0.0/16", "local"),))
FUNCTIONS = SecurityGroup("sg-1", "vpc-1", (), (Rule("-1", -1, -1, cidr="0.0.0.0/0"),))
ENDPOINTS = SecurityGroup("sg-2", "vpc-1", (Rule(group="sg-1"),), ())
S3 = Endpoint("vpce-s3", "s3", "Gateway", policy=OPEN, route_tables=("rtb-1",))
SQS, SNS = (
    Endpoint(
        f"vpce-{service}",
        service,
        private_dns=True,
        policy=OPEN,
        subnets=("subnet-1",),
        security_groups=("sg-2",),
    )
    for service in ("sqs", "sns")
)


def described(**changed: Any) -> lk.Vpc:
    """Return the VPC, with some of it changed."""
    whole: dict[str, Any] = {
        "id": "vpc-1",
        "subnets": [SUBNET],
        "security_groups": [FUNCTIONS],
        "endpoints": [S3, SQS, SNS],
        "other_groups": [ENDPOINTS],
        "dns_names": True,
        "dns_support": True,
    }
    return lk.Vpc(**(whole | changed))


def pipeline(vpc: lk.Vpc | None, **options: Any) -> lk.Pipeline:
    """Return trigger -> splitter -> store in a VPC."""
    inbox = lk.S3Trigger("inbox", prefix="letters/")
    splitter = lk.RecursiveCharacterTextSplitter("sentences", chunk_size=80, chunk_overlap=0)
    return lk.Pipeline("kept", inbox.pipe(splitter).pipe(lk.S3Storage("results")), vpc=vpc, **options)
