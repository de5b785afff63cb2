"""The words that the command takes, and the help that explains them."""

from __future__ import annotations

import argparse
import math
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, NoReturn

import lakenb
from lakenb.cli import verbs
from lakenb.cli.demo import demo
from lakenb.cli.evaluate import evaluate
from lakenb.cli.policy_words import add_policy_commands
from lakenb.records.tables import printable

if TYPE_CHECKING:
    from collections.abc import Callable

_UNITS = {"s": 1, "m": 60, "h": 3600}
_LONGEST = timedelta(days=7)

_EXIT_CODES = """\
exit codes:
  0    done, and all is as promised
  1    a run ended, but documents failed or were lost, or a promise was not kept
  2    could not be done: a file, a name, an option or this machine; standard error says what mends it
  130  interrupted; everything that was started has ended
"""

_MAIN = """\
Document pipelines on AWS whose security model is true of the template.

A pipeline lives in a Python file of yours. FILE.py:NAME names it: NAME is a lk.Pipeline, or a function
without arguments that returns one. FILE.py alone does where the file holds exactly one.
"""

_MAIN_EXAMPLES = """\
examples:
  lakenb demo                                        see it work, in seconds, without an account
  lakenb show letters.py:pipe -o letters.svg         the picture, grants on the edges
  lakenb show letters.py:pipe --table grants         who may do what, and why
  lakenb verify letters.py:pipe                      the promises proved on its template
  lakenb run letters.py:pipe 'letters/*.txt'         documents through it, IAM enforced, on this machine
  lakenb synth letters.py:pipe -o cdk.out            a cloud assembly for the CDK command line

Results go to standard output, progress and messages to standard error.

"""

_DEMO = """\
Runs documents through trigger -> splitter -> splitter -> store on an embedded AWS that enforces IAM,
deployed from the very template that would go to AWS. No account, no network once it is installed.
Shows who may do what, what became of every document, and what one function is refused when it tries
to write and read where it may not: the server's own answers.

Without PATH it writes a small corpus with a seeded generator: letters, an empty file, bytes that are no
text, and a picture, so that you see what fails and what is filtered, and why.
"""

_SYNTH = """\
Writes the pipeline as a cloud assembly: the CloudFormation template and the zips of its functions, as the
AWS CDK writes them, ready for its command line. Reads no account and changes nothing in one.
"""

_SYNTH_EXAMPLE = """\
example:
  lakenb synth letters.py:pipe -o cdk.out

exit codes: 0 written, 2 not written, 130 interrupted
"""

_RUN = """\
Deploys the pipeline's very template on an embedded AWS that enforces IAM, puts the documents, follows each
until all is quiet, and ends everything it started. No account is read.
"""

_RUN_EXAMPLE = """\
PATH is a file, a folder (every file in it) or a quoted pattern. Where a pipeline has several triggers, say
which: TRIGGER=PATH. A schedule that makes its documents takes a number of times in place of a path, and fires
once where nothing is said.

examples:
  lakenb run letters.py:pipe letters/ --save results
  lakenb run letters.py:pipe 'letters/*.txt' --format json | python -m json.tool
  lakenb run claims.py:pipe mail=inbox/ scans=scans/

--format json prints one object:
  pipeline    the pipeline's id
  seconds     from the first document put until all was quiet
  complete    whether inputs = delivered + failed + filtered on every edge
  account     for each trigger and edge an object of edge, inputs, delivered, failed, filtered
  documents   objects of node, url, type, size, event, parent
  failures    objects of node, event, kind, reason, url
  filtered    objects of producer, consumer, event
  names       for each input's url the file's name
  decisions   how many requests the server decided on
  denied      those that it refused, objects of order, who, principal, action, resource, decision,
              decided_by, message, source, agrees, because
  confirmed   whether lakenb's own evaluator decides each alike on the template
  disagreements  decisions on which it does not, objects of order, who, principal, action, resource,
              server, server_says, evaluator, evaluator_says, settle
  unenforced  what AWS asks and the embedded AWS does not, a sentence each
Later versions may add keys; none changes its meaning.

exit codes: 0 nothing failed, 1 documents failed or were lost, or a decision was not confirmed,
2 could not run, 130 interrupted
"""

_SHOW = """\
Shows a pipeline as its template has it: the picture (as text, or into a file), or one of its tables.
Nothing leaves this machine to draw it.
"""

_SHOW_EXAMPLE = """\
tables:
  grants      who may do what, on what, under which condition, and why
  access      who reaches which store
  encryption  what encrypts each service at rest and in transit
  endpoints   the VPC endpoints that the nodes need

examples:
  lakenb show letters.py:pipe                        the picture's text
  lakenb show letters.py:pipe -o letters.svg         also .png and .dot
  lakenb show letters.py:pipe --table grants --format csv > grants.csv

--format json prints one object: pipeline, table, columns, rows (each an object with the columns as keys)
and notes (sentences about the whole table; csv leaves them out).
Later versions may add keys and columns; none changes its meaning.

exit codes: 0 shown, 2 could not be shown, 130 interrupted
"""

_IAM = """\
Questions to the policy engine. They need no pipeline, no account and no network.
"""

_EVALUATE = """\
Reads cases from standard input, one JSON object a line, and writes one verdict a line, in their order and
each at once. A case is a request and every policy in force, as AWS writes them.
"""

_EVALUATE_EXAMPLE = """\
a case (parts with a question mark may be left out):
  request                      an object of
    principal                  the ARN of a role, session, user, federated user or account root;
                               {"Service": "sns.amazonaws.com"}, {"Federated": ...} or "anonymous"
    action                     service:Name
    resource                   an ARN; "*" for an action without a resource
    resource_account?          by default the ARN's, else aws:ResourceAccount's, else the principal's
    context?                   keys with a text, a number, true, false, or a list of them
  identity_policies            a list
  resource_policy?             bucket, queue, topic, key or trust policy
  permission_boundaries?       a list; each must allow
  session_policy?
  service_control_policies?    a list for each level of the organization; each level must allow
  resource_control_policies?   the same; AWS's own full access is implied
  endpoint_policies?           a list; each must allow

a verdict:
  decision    ALLOWED, EXPLICITLY_DENIED, IMPLICITLY_DENIED, or UNDECIDED: where AWS does not document the
              outcome, or the case does not tell enough. UNDECIDED is never an allow
  reasons     sentences, the decisive one first
A malformed case yields {"error": ...} instead, with the place and what mends it; the next line is read.

A role's ARN stands for one of its sessions. What follows from principal and resource need not be in the
context (aws:PrincipalArn, aws:PrincipalAccount, aws:PrincipalType, aws:username,
aws:PrincipalIsAWSService, aws:ResourceAccount); every other key that is not there is absent, but for the
time, which is then not told. Grants of KMS, ACLs and Block Public Access are not looked at.

example:
  lakenb iam evaluate < cases.jsonl > verdicts.jsonl

Later versions may add parts and keys; none changes its meaning.

exit codes: 0 every line has its verdict or error, 130 interrupted
"""


class _Parser(argparse.ArgumentParser):
    """A parser whose messages do not command the terminal, whatever was given."""

    def error(self, message: str) -> NoReturn:
        super().error(printable(message))


def parser() -> argparse.ArgumentParser:
    """Return the parser. What it parsed has a function ``do`` of itself that returns the exit code."""
    whole = _Parser(
        prog="lakenb",
        description=_MAIN,
        epilog=_MAIN_EXAMPLES + _EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    whole.add_argument("--version", action="version", version=f"lakenb {lakenb.__version__}")
    commands = whole.add_subparsers(
        title="commands",
        required=True,
        metavar="COMMAND",
        description="'lakenb COMMAND --help' explains each",
    )
    for add in (_add_demo, _add_iam, _add_run, _add_show, _add_synth):
        add(commands)
    add_policy_commands(partial(_command, commands))
    return whole


def duration(text: str) -> timedelta:
    """Return a time such as ``90``, ``90s``, ``5m`` or ``1h``; seconds where no unit is named.

    Raises
    ------
    argparse.ArgumentTypeError
        If it is none, or not positive, or longer than a week.

    Examples
    --------
    >>> str(duration("5m")), str(duration("1.5"))
    ('0:05:00', '0:00:01.500000')
    """
    number, unit = (text[:-1], text[-1]) if text[-1:] in _UNITS else (text, "s")
    try:
        seconds = float(number) * _UNITS[unit]
    except ValueError:
        seconds = math.nan
    if not 0 < seconds <= _LONGEST.total_seconds():  # false for nan
        raise argparse.ArgumentTypeError(f"{text!r} is no time such as 90, 5m or 1h, at most a week")
    return timedelta(seconds=seconds)


def _command(
    commands: argparse._SubParsersAction[_Parser],
    *,
    name: str,
    help_line: str,
    description: str,
    epilog: str,
    do: Callable[[argparse.Namespace], int],
) -> argparse.ArgumentParser:
    made = commands.add_parser(
        name,
        help=help_line,
        description=description,
        epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.set_defaults(do=do)
    return made


def _add_demo(commands: argparse._SubParsersAction[_Parser]) -> None:
    command = _command(
        commands,
        name="demo",
        help_line="run documents through a pipeline with IAM enforced, and show a denial",
        description=_DEMO,
        epilog="example:\n  lakenb demo 'letters/*.txt' --save results\n\n"
        "exit codes: 0 as promised, 1 a promise was not kept, 2 could not run, 130 interrupted",
        do=lambda chosen: demo(chosen.paths, seed=chosen.seed, save=chosen.save),
    )
    command.add_argument("paths", metavar="PATH", nargs="*", help="your own files, folders or patterns")
    command.add_argument("--save", metavar="DIR", help="keep the resulting documents in this folder")
    command.add_argument("--seed", type=int, default=1, help="seed of the generated corpus (default: 1)")


def _add_iam(commands: argparse._SubParsersAction[_Parser]) -> None:
    group = commands.add_parser("iam", help="ask the policy engine", description=_IAM)
    verbs_of_iam = group.add_subparsers(title="commands", required=True, metavar="COMMAND")
    _command(
        verbs_of_iam,
        name="evaluate",
        help_line="decide requests by their policies: JSON lines in, verdicts out",
        description=_EVALUATE,
        epilog=_EVALUATE_EXAMPLE,
        do=lambda _: evaluate(),
    )


def _add_run(commands: argparse._SubParsersAction[_Parser]) -> None:
    command = _command(
        commands,
        name="run",
        help_line="run documents through your pipeline on this machine, IAM enforced",
        description=_RUN,
        epilog=_RUN_EXAMPLE,
        do=lambda chosen: verbs.run(
            chosen.place, chosen.paths, save=chosen.save, timeout=chosen.timeout, form=chosen.format
        ),
    )
    _add_place(command)
    command.add_argument(
        "paths", metavar="PATH", nargs="*", help="files, folders or patterns to run; none for schedules alone"
    )
    command.add_argument(
        "--save", metavar="DIR", help="keep the documents that reach the stores in this folder"
    )
    command.add_argument(
        "--timeout", metavar="TIME", type=duration, help="longest wait for quiet: 90, 5m, 1h (default: 10m)"
    )
    command.add_argument(
        "--format", choices=verbs.FORMS[:2], default=verbs.FORMS[0], help="of the outcome (default: text)"
    )


def _add_show(commands: argparse._SubParsersAction[_Parser]) -> None:
    command = _command(
        commands,
        name="show",
        help_line="show the picture of your pipeline, or one of its tables",
        description=_SHOW,
        epilog=_SHOW_EXAMPLE,
        do=lambda chosen: verbs.show(
            chosen.place, output=chosen.output, table=chosen.table, form=chosen.format
        ),
    )
    _add_place(command)
    command.add_argument("-o", "--output", metavar="FILE", help="write the picture: .svg, .png or .dot")
    command.add_argument("--table", choices=verbs.TABLES, help="print this table instead of the picture")
    command.add_argument("--format", choices=verbs.FORMS, help="of the table (default: text)")


def _add_synth(commands: argparse._SubParsersAction[_Parser]) -> None:
    command = _command(
        commands,
        name="synth",
        help_line="write your pipeline as a cloud assembly for the AWS CDK",
        description=_SYNTH,
        epilog=_SYNTH_EXAMPLE,
        do=lambda chosen: verbs.synth(chosen.place, chosen.output),
    )
    _add_place(command)
    command.add_argument(
        "-o", "--output", metavar="DIR", default="cdk.out", help="the folder to write (default: cdk.out)"
    )


def _add_place(command: argparse.ArgumentParser) -> None:
    command.add_argument("place", metavar="FILE.py:NAME", help="where the pipeline is")
