"""ARNs and patterns in the words of the pipeline: ``inbox/letters/x``, ``the queue of 'pdf'``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakenb.records.tables import printable
from lakenb.review.state import WORDS

if TYPE_CHECKING:
    from lakenb.iam.stacks.world import World
    from lakenb.review.needs import Resources

_OWN_FIELDS = 7
_LITERALS = (("${*}", "*"), ("${?}", "?"), ("${$}", "$"))
_VERBS = {
    "s3:GetObject": "read",
    "s3:PutObject": "put",
    "s3:DeleteObject": "delete",
    "s3:ListBucket": "list",
    "sqs:SendMessage": "send to",
    "sqs:ReceiveMessage": "receive from",
    "sqs:DeleteMessage": "delete messages from",
    "sns:Publish": "publish to",
    "sns:Subscribe": "subscribe to",
    "sts:AssumeRole": "become",
    "lambda:InvokeFunction": "invoke",
    "lambda:InvokeFunctionUrl": "invoke by its URL",
}


class Naming:
    """Words for the resources of one pipeline in one world."""

    def __init__(self, world: World, own: dict[str, Resources], cache: str) -> None:
        self._world = world
        self._buckets = {one.bucket: node for node, one in own.items() if one.bucket}
        self._named: dict[str, str] = {}
        self._words: dict[str, str] = {}
        for node, one in own.items():
            sorts = (("queue", one.queue), ("dead-letters", one.dead_letters), ("topic", one.topic))
            self._words.update((arn, f"{node}.{sort}") for sort, arn in sorts if arn)
            kinds = (
                ("queue", one.queue),
                ("dead-letter queue", one.dead_letters),
                ("topic", one.topic),
                ("log", one.logs),
                ("function", one.function),
                ("role", one.role),
            )
            self._named.update((arn, f"the {kind} of '{node}'") for kind, arn in kinds if arn)
            state = one.state.named()
            self._named.update((arn, f"the {WORDS[name]} of '{node}'") for name, arn in state.items())
        if cache:
            self._buckets[cache] = "cache"

    def resource(self, arn: str) -> str:
        """Return what a request is about, such as ``inbox/letters/x``."""
        bucket, slash, key = arn.partition("/")
        if bucket in self._buckets:
            owner = self._buckets[bucket]
            if slash:
                return printable(f"{owner}/{plain(key)}")
            return "the cache" if owner == "cache" else f"the bucket of '{owner}'"
        owner = ":".join(arn.split(":")[:_OWN_FIELDS])  # a log group's streams, a function's versions
        for known in (arn, owner):
            if known in self._named:
                return self._named[known]
        return printable(self._world.shown(arn))

    def word(self, arn: str) -> str:
        """Return a resource as attempts name it, ``inbox/letters/x`` or ``pdf.queue``; nothing for others."""
        bucket, slash, key = arn.partition("/")
        if bucket in self._buckets:
            return f"{self._buckets[bucket]}{slash}{key}"
        return self._words.get(arn, "")

    def pattern(self, source: str) -> str:
        """Return what a statement is about: ``every object under inbox/``."""
        bucket, slash, key = source.partition("/")
        if source == "*":
            return "everything"
        if slash and key.endswith("*") and bucket in self._buckets:
            return f"every object under {printable(self._buckets[bucket])}/{printable(plain(key[:-1]))}"
        return self.resource(source)

    def shown(self, text: str) -> str:
        """Return a text in the template's own words, with nothing in it that commands a terminal."""
        return printable(self._world.shown(text))


def verb(action: str) -> str:
    """Return what an action does to what follows.

    Examples
    --------
    >>> verb("s3:GetObject"), verb("s3:GetObjectTagging")
    ('read', 'do s3:GetObjectTagging on')
    """
    return _VERBS.get(action, f"do {action} on")


def plain(pattern: str) -> str:
    """Return a pattern with its literal stars, question marks and dollar signs as themselves."""
    for written, meant in _LITERALS:
        pattern = pattern.replace(written, meant)
    return pattern
