"""E-mail messages made for tests, and where Python's own tests keep theirs."""

from __future__ import annotations

import importlib.util
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

HEADERS = b"From: Ann Example <ann@example.org>\nTo: bo@example.org\nSubject: Hello\n"


def message(*lines: str, headers: bytes = HEADERS) -> bytes:
    """Return a message of such lines behind the usual headers."""
    return headers + b"MIME-Version: 1.0\n" + "\n".join(lines).encode() + b"\n"


def composed() -> EmailMessage:
    """Return a message as mail programs write it: two forms of a text, a picture in it, and attachments."""
    made = EmailMessage(policy=SMTP)
    made["From"] = "Ann Exämple <ann@example.org>"
    made["To"] = "Bo Li <bo@example.org>, cy@example.org"
    made["Subject"] = "Grüße,\tand more"
    made["Date"] = "Sat, 31 Jan 2026 12:00:00 +0100"
    made["Message-ID"] = "<1@example.org>"
    made["Keywords"] = "a, long word"
    made.set_content("Grüße\nfrom plain text.\n")
    made.add_alternative('<html><body><p>Grüße <b>from</b> HTML <img src="cid:1"></p></body></html>', "html")
    related = made.get_payload()[1]
    assert isinstance(related, EmailMessage)
    related.add_related(b"\x89PNG\r\n\x1a\n" + bytes(9), "image", "png", cid="<1>", filename="dot.png")
    made.add_attachment(
        b"%PDF-1.7 " + bytes(99), "application", "octet-stream", filename="../../con tract.pdf"
    )
    made.add_attachment("a,b\n1,2\n", "csv", filename="täble.csv")
    inner = EmailMessage(policy=SMTP)
    inner["From"] = "cy@example.org"
    inner["Subject"] = "Inner"
    inner.set_content("within\n")
    made.add_attachment(inner)
    return made


def pythons_own() -> Path | None:
    """Return the folder of the messages that Python tests itself with; None where they are not installed."""
    found = importlib.util.find_spec("test")
    for folder in (found.submodule_search_locations if found else None) or ():
        data = Path(folder) / "test_email" / "data"
        if (data / "msg_01.txt").is_file():
            return data
    return None
