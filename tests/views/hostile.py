"""Texts that would like to be something else: markup, commands, another order, or endless."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import lakenb as lk
from lakenb.security.values import Sort
from lakenb.views.seen import Seen, SeenGrant, seen

if TYPE_CHECKING:
    from collections.abc import Mapping

HOSTILE: tuple[str, ...] = (
    "",
    " ",
    "\"double\" and 'single' `back`",
    "<script>document.title='pwned'</script>",
    "</text></svg><img src=x onerror=\"document.title='pwned'\">",
    "</style><script>document.title='pwned'</script>",
    '" onload="document.title=\'pwned\'" x="',
    "javascript:document.title='pwned'",
    "]]>",
    "--><!-- -->",
    "<!DOCTYPE x [<!ENTITY y SYSTEM 'file:///etc/hostname'>]>&y;",
    "&lt;b&gt; &amp; &#60; &nosuch; &",
    "<B>bold</B><BR/><TABLE><TR><TD>cell</TD></TR></TABLE>",
    "back\\slash \\N \\G \\E \\l \\r \\n \\",
    "{record|<port> field}",
    "url(#a) @import 'x'; } * { display: none }",
    "line\nfeed, carriage\rreturn, tab\there, \u2028 and \u2029",
    "nul \x00 bell \x07 escape \x1b[31mred\x1b[0m delete \x7f next \x85",
    "right-to-left \u202efdp.exe\u202c and isolate \u2067abc\u2069",
    "zero\u200bwidth\u200djoiners\ufeff and soft\u00adhyphen",
    "\u05e9\u05dc\u05d5\u05dd and \u0645\u0631\u062d\u0628\u0627",
    "h\u00e9llo \u65e5\u672c\u8a9e \U0001f389 \U0001f469\u200d\U0001f4bb",
    "\u65e5" * 80,
    "z\u0300\u0301\u0302\u0303\u0304\u0305\u0306\u0307\u0308algo" * 5,
    "half a pair \ud83d, not a character \uffff, private \ue000",
    "x" * 200,
    "word " * 60,
    "%s %n {0} $(id) `id` ${AWS::AccountId}",
    "group-inbox- -> n0; n0 [label=x]; }",
)
# what a browser or a terminal would act on, and so may appear in no form of a picture
UNSEEN = (
    "\u202e",
    "\u202c",
    "\u2067",
    "\u2069",
    "\u200b",
    "\u200d",
    "\ufeff",
    "\x00",
    "\x1b",
    "\x7f",
    "\x85",
)


def planted(text: str) -> Seen:
    """Return a small pipeline whose template holds a text wherever a stranger could have written it."""
    inbox = lk.S3Trigger("inbox", prefix="in/")
    chunks = inbox.pipe(lk.RecursiveCharacterTextSplitter("chunks"))
    # filters and prefixes refuse control characters: what they take is tried, what they refuse is not
    try:
        wanted: Any = lk.when("data.document.type").equals(text)
    except lk.FilterError:
        wanted = None
    pipe = lk.Pipeline("small", chunks.pipe(lk.S3Storage("results"), filter=wanted))
    template = deepcopy(pipe.template())
    for logical, value in (("ChunksStore", {"SSEAlgorithm": text}), ("ResultsStore", _kms(text))):
        _default(template, logical).update(value)
    base = seen(pipe, template)
    objects, letters = Sort.OBJECTS.value, ("inbox/in/*", "inbox", "in/*")
    rows = (
        _row("", text, "s3:GetObject", letters[0], "unintended", objects, *letters[1:]),
        _row("", "chunks", text, text, "unintended"),
        _row("", text, text, text, "unintended", Sort.CACHE_OBJECTS.value, "", text),
        _row("", "chunks", "s3:PutObject", f"chunks/{text}", "own", objects, "chunks", text),
        _row("inbox -> chunks", "chunks", "s3:GetObject", f"inbox/{text}", "edge", objects, "inbox", text),
    )
    return replace(base, grants=tuple(sorted((*base.grants, *rows))))


def _row(edge: str, principal: str, action: str, resource: str, kind: str, *place: str) -> SeenGrant:
    return SeenGrant(edge, principal, action, resource, resource, resource, kind, *place)


def _default(template: Mapping[str, Any], logical: str) -> dict[str, Any]:
    encryption = template["Resources"][logical]["Properties"]["BucketEncryption"]
    found: dict[str, Any] = encryption["ServerSideEncryptionConfiguration"][0][
        "ServerSideEncryptionByDefault"
    ]
    return found


def _kms(text: str) -> dict[str, Any]:
    return {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": {"Fn::Sub": text}}
