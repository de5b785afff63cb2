"""The words of ``lakenb verify``, ``matrix``, ``who-can``, ``explain`` and ``diff``, with their help."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from lakenb.cli import policy_verbs as verbs
from lakenb.cli.template_place import Place

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Adder = Callable[..., argparse.ArgumentParser]

_TEMPLATE = """\
TEMPLATE is a CloudFormation template (JSON or YAML), the folder of a cloud assembly such as cdk.out with its
nested stacks, or FILE.py:NAME, a pipeline of yours. It need not be made by lakenb. Nothing is sent anywhere.
"""

_VERIFY = """\
Proves the promises P1 to P10 on a template, or shows a request that breaks one: who, which action, on what,
which statement lets it through, and what mends it. Each request that is shown was decided again.
"""

_VERIFY_EXAMPLE = f"""\
{_TEMPLATE}
For a pipeline in FILE.py what must hold is derived from it. For a template alone the pipeline is found again
from its subscriptions, event source mappings and roles, and what cannot be told apart is said.

examples:
  lakenb verify letters.py:pipe
  lakenb verify cdk.out --format json
  lakenb verify stack.yaml --parameter Stage=prod --allow-undecided
  lakenb verify letters.py:pipe --certificates proofs
  lakenb check proofs/*.json --of letters.py:pipe

--format json prints one object:
  name, template   of what was read, and the template's SHA-256, nested ones included
  proved           whether every claim that has anything to prove is proved
  claims           objects of claim, title, secrecy, liveness, verdict, liveness_verdict, obligations, note
  findings         objects of claim, subject, verdict, sentence, when, request, statement, mend
  exceptions       what AWS does not offer, sentences
  notes            what is not covered, sentences
  assumptions      sentences
Later versions may add keys; none changes its meaning.

exit codes: 0 all proved, 1 a claim failed or is undecided (--allow-undecided forgives the latter),
            2 the template cannot be used, 130 interrupted
"""

_CHECK = """\
Checks certificates of proofs by a program of its own, which shares nothing with the prover: it reads the
template again, works out anew which requests must be looked at, and decides each.
"""

_CHECK_EXAMPLE = f"""\
{_TEMPLATE}
exit codes: 0 every certificate holds, 1 one does not, with what is wrong, 2 a file cannot be used
"""

_MATRIX = """\
Who may do what with which resource: every role of a template, other accounts, anonymous callers and services,
beside what they reach. What is allowed only under a condition says which. No row: denied, nothing allows it.
"""

_WHO_CAN = """\
Who may take an action on a resource, and which statement lets them.
"""

_EXPLAIN = """\
Decides one request by every policy of a template, and says why: the statement that decides, or the one that
came nearest and what it lacks.
"""

_RESOURCE = """\
RESOURCE is an ARN, or in the template's words: '${Store}/in/x' is an object of the bucket Store.
PRINCIPAL is a role's logical id or ARN, a service such as sns.amazonaws.com, or anonymous.
TEMPLATE is cdk.out if it is left out.
"""

_DIFF = """\
What a new template allows that the old one did not, and what it no longer allows, in sentences, each with an
example. It compares what is allowed, not how it is written: statements that are reordered, renamed or split
are no difference.
"""

_DIFF_EXAMPLE = f"""\
{_TEMPLATE}
example:
  lakenb diff main/cdk.out cdk.out

exit codes: 0 nothing changes, 1 something does, 2 a template cannot be used, 130 interrupted
"""


def add_policy_commands(command: Adder) -> None:
    """Add the commands.

    Parameters
    ----------
    command
        Adds one: takes ``name``, ``help_line``, ``description``, ``epilog`` and ``do``.
    """
    _add_verify(command)
    _add_check(command)
    _add_matrix(command)
    _add_who_can(command)
    _add_explain(command)
    _add_diff(command)


def _add_verify(command: Adder) -> None:
    made = command(
        name="verify",
        help_line="prove the promises on a template, or show the request that breaks one",
        description=_VERIFY,
        epilog=_VERIFY_EXAMPLE,
        do=lambda chosen: verbs.verify(
            _of(chosen),
            allow_undecided=chosen.allow_undecided,
            certificates=chosen.certificates,
            form=chosen.format,
        ),
    )
    made.add_argument("template", metavar="TEMPLATE", help="a template, a cloud assembly, or FILE.py:NAME")
    made.add_argument(
        "--allow-undecided",
        action="store_true",
        help="exit with 0 where nothing failed but some is undecided",
    )
    made.add_argument("--certificates", metavar="DIR", help="write a certificate for each proof here")
    _add_reading(made)
    _add_form(made)


def _add_check(command: Adder) -> None:
    made = command(
        name="check",
        help_line="check certificates of proofs, independently of the prover",
        description=_CHECK,
        epilog=_CHECK_EXAMPLE,
        do=lambda chosen: verbs.check(_of(chosen), chosen.certificate),
    )
    made.add_argument("certificate", metavar="CERTIFICATE", nargs="+", help="files that verify wrote")
    made.add_argument(
        "--of", dest="template", metavar="TEMPLATE", required=True, help="the template that they are about"
    )
    _add_reading(made)


def _add_matrix(command: Adder) -> None:
    made = command(
        name="matrix",
        help_line="who may do what with which resource of a template",
        description=_MATRIX,
        epilog=f"{_TEMPLATE}\nexit codes: 0 shown, 2 could not be shown, 130 interrupted",
        do=lambda chosen: verbs.matrix(_of(chosen), form=chosen.format),
    )
    _add_template(made)
    _add_reading(made)
    _add_form(made, "csv")


def _add_who_can(command: Adder) -> None:
    made = command(
        name="who-can",
        help_line="who may take an action on a resource, and by which statement",
        description=_WHO_CAN,
        epilog=f"{_RESOURCE}\nexample:\n  lakenb who-can s3:GetObject '${{InboxStore}}/letters/x' cdk.out\n\n"
        "exit codes: 0 answered, 2 could not be answered, 130 interrupted",
        do=lambda chosen: verbs.who_can(_of(chosen), chosen.action, chosen.resource, form=chosen.format),
    )
    made.add_argument("action", metavar="ACTION", help="such as s3:GetObject")
    made.add_argument("resource", metavar="RESOURCE", help="an ARN, or the template's own words")
    _add_template(made)
    _add_reading(made)
    _add_form(made, "csv")


def _add_explain(command: Adder) -> None:
    made = command(
        name="explain",
        help_line="decide one request by every policy of a template, and say why",
        description=_EXPLAIN,
        epilog=f"{_RESOURCE}\nexample:\n"
        "  lakenb explain SentencesRole s3:GetObject '${InboxStore}/letters/x' cdk.out"
        " --context aws:SecureTransport=true\n\n"
        "exit codes: 0 answered, whatever the answer, 2 could not be answered, 130 interrupted",
        do=lambda chosen: verbs.explain(
            _of(chosen), chosen.principal, chosen.action, chosen.resource, chosen.context, form=chosen.format
        ),
    )
    made.add_argument("principal", metavar="PRINCIPAL", help="who asks")
    made.add_argument("action", metavar="ACTION", help="such as s3:GetObject")
    made.add_argument("resource", metavar="RESOURCE", help="an ARN, or the template's own words")
    _add_template(made)
    made.add_argument(
        "--context",
        metavar="KEY=VALUE",
        type=pair,
        action="append",
        default=[],
        help="a context key that the request carries; may be given several times",
    )
    _add_reading(made)
    _add_form(made)


def _add_diff(command: Adder) -> None:
    made = command(
        name="diff",
        help_line="what a new template allows that the old one did not, in sentences",
        description=_DIFF,
        epilog=_DIFF_EXAMPLE,
        do=lambda chosen: verbs.diff(
            Place(chosen.old, chosen.stack, tuple(chosen.parameter)),
            Place(chosen.new, chosen.stack, tuple(chosen.parameter)),
            form=chosen.format,
        ),
    )
    made.add_argument("old", metavar="OLD", help="a template, a cloud assembly, or FILE.py:NAME")
    made.add_argument("new", metavar="NEW", help="another one")
    _add_reading(made)
    _add_form(made)


def pair(text: str) -> tuple[str, str]:
    """Return the two sides of ``KEY=VALUE``.

    Raises
    ------
    argparse.ArgumentTypeError
        If there is no ``=``, or no key.

    Examples
    --------
    >>> pair("Stage=prod=1")
    ('Stage', 'prod=1')
    """
    key, sign, value = text.partition("=")
    if not (sign and key):
        raise argparse.ArgumentTypeError(f"{text!r} is no KEY=VALUE")
    return key, value


def _of(chosen: argparse.Namespace) -> Place:
    return Place(chosen.template, chosen.stack, tuple(chosen.parameter))


def _add_template(made: argparse.ArgumentParser) -> None:
    made.add_argument(
        "template",
        metavar="TEMPLATE",
        nargs="?",
        default="cdk.out",
        help="a template, a cloud assembly, or FILE.py:NAME (default: cdk.out)",
    )


def _add_reading(made: argparse.ArgumentParser) -> None:
    made.add_argument("--stack", metavar="NAME", help="which stack, where a cloud assembly has several")
    made.add_argument(
        "--parameter",
        metavar="KEY=VALUE",
        type=pair,
        action="append",
        default=[],
        help="a parameter of the template; may be given several times",
    )


def _add_form(made: argparse.ArgumentParser, *more: str) -> None:
    forms: Sequence[str] = ("text", "json", *more)
    made.add_argument("--format", choices=forms, default="text", help="of the answer (default: text)")
