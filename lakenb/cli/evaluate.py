"""``lakenb iam evaluate``: cases in, verdicts out, a line each."""

from __future__ import annotations

import json
import sys

from lakenb.iam.cases import verdict


def evaluate() -> int:
    """Write a verdict for each line of standard input, at once, so that a program may ask and wait."""
    for raw in sys.stdin.buffer:
        line = raw.decode("utf-8", errors="replace").strip()
        answer = (
            verdict(line)
            if line
            else {"error": "the line is empty; where: case; mend: write one case a line"}
        )
        print(json.dumps(answer, ensure_ascii=True), flush=True)
    return 0
