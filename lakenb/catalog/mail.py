"""Middlewares that read e-mail."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, replace
from datetime import timedelta
from typing import Any, ClassVar, cast

from lakenb.catalog.bounds import bound_faults
from lakenb.errors import Fault
from lakenb.graph.options import shown, wrong_type
from lakenb.graph.steps import Part, Row, Step, middleware

_TYPES = {"text": "text/plain", "html": "text/html", "json": "application/json"}
# AWS Lambda quotas: /tmp has 512 MB, where parts lie while they are read
_MOST = {
    "max_message_bytes": 448 * 2**20,
    "max_attachment_bytes": 448 * 2**20,
    "max_parts": 10_000,
    "max_depth": 100,
}
_ROW = Row(
    kind="email-text-processor",
    part=Part.TRANSFORMER,
    input_types=("message/rfc822",),
    output_types=("text/plain",),
    handler="lakenb.runtime.handlers.email_text_processor",
    memory_mib=256,
    timeout=timedelta(seconds=60),
    batch_size=1,
)


class _RowOfOutput:
    """The row, whose output types the options decide."""

    def __get__(self, step: EmailTextProcessor | None, owner: type) -> Row:
        if step is None:
            return _ROW
        if step.include_attachments is True:  # each has a type of its own
            return replace(_ROW, output_types=("*/*",))
        return replace(_ROW, output_types=(_TYPES.get(step.output, "text/plain"),))


@middleware
@dataclass(frozen=True, slots=True, repr=False)
class EmailTextProcessor(Step):
    """Read what an e-mail says.

    Parameters
    ----------
    output
        ``"text"`` makes plain text, of HTML where a message has nothing else; ``"html"`` HTML; ``"json"``
        one object of sender, recipients, subject, date, text, HTML and a list of the attachments.
    include_attachments
        True sends attachments, too: each as a document of its own type. A message within a message is a
        document of ``message/rfc822``.
    max_message_bytes, max_attachment_bytes
        Longest message, and most bytes of its attachments together once they are decoded.
    max_parts, max_depth
        Most parts, and how deep they may be nested.

    Notes
    -----
    Takes ``message/rfc822``; sends ``text/plain``, ``text/html`` or ``application/json``, and any type with
    attachments. Subject, sender, date and keywords stand in the metadata, and what could not be decoded. A
    message without text, one that is encrypted and one that breaks off fail. All other parameters: see
    `Step`.
    """

    row: ClassVar[Row] = cast("Row", _RowOfOutput())

    _: KW_ONLY
    output: str = "text"
    include_attachments: bool = False
    max_message_bytes: int = 384 * 2**20
    max_attachment_bytes: int = 256 * 2**20
    max_parts: int = 1000
    max_depth: int = 20

    def own_faults(self, where: str) -> list[Fault]:
        """Return what is wrong with output and bounds."""
        faults = bound_faults(self, _MOST, where)
        if self.output not in _TYPES:
            faults.append(Fault(f"output is {shown(self.output)}", where, f"one of {', '.join(_TYPES)}"))
        if not isinstance(self.include_attachments, bool):
            mend = "True or False"
            faults.append(wrong_type("include_attachments", self.include_attachments, mend, where))
        return faults

    def own_options(self) -> dict[str, Any]:
        """Return the options that travel to the handler."""
        names = ("include_attachments", "output", *sorted(_MOST))
        return {name: getattr(self, name) for name in names}
