"""Questions to a pipeline in its own words: 'chunks', ``inbox/letters/x``, ``chunks.queue``."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from lakenb.errors import Fault, PolicyError
from lakenb.iam import questions
from lakenb.iam.stacks.read import worlds
from lakenb.records.tables import Table
from lakenb.review.case import Case
from lakenb.review.find import find
from lakenb.review.naming import Naming
from lakenb.review.wanted import wanted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lakenb.graph.graph import Graph
    from lakenb.iam.questions import Answer
    from lakenb.iam.stacks.source import Source

_CACHE = "cache"


class Asking:
    """A pipeline's template, ready for questions.

    Parameters
    ----------
    source
        The template.
    graph
        The pipeline.
    """

    def __init__(self, source: Source, graph: Graph) -> None:
        self._worlds = worlds(source)
        world = self._worlds[0]
        found = find(world, graph)
        self._case = Case(world, found, wanted(graph))
        self._naming = Naming(world, self._case.own, found.cache_arn)
        self._roles = {one.role: node for node, one in found.nodes.items()}
        self._arns = dict(self._named())

    def _named(self) -> Iterator[tuple[str, str]]:
        """Yield every resource of the pipeline by name, with its ARN."""
        for node, own in self._case.own.items():
            sorts = (
                ("", own.bucket),
                (".queue", own.queue),
                (".dead-letters", own.dead_letters),
                (".topic", own.topic),
                (".logs", own.logs),
                (".function", own.function),
                (".role", own.role),
            )
            yield from ((f"{node}{sort}", arn) for sort, arn in sorts if arn)
        if self._case.found.cache_arn:
            yield _CACHE, self._case.found.cache_arn

    def can(
        self, principal: str, action: str, resource: str, context: Mapping[str, object] | None = None
    ) -> Answer:
        """Return the decision on one request, with its reasons.

        Parameters
        ----------
        principal
            A node, a service such as ``sns.amazonaws.com``, an ARN, or ``anonymous``.
        action
            Such as ``s3:GetObject``.
        resource
            Such as ``inbox/letters/x``, ``cache/x`` or ``chunks.queue``; or an ARN.
        context
            Keys that the request carries.

        Raises
        ------
        PolicyError
            If there is no such node or resource, with the nearest that there are.
        """
        carried = {"aws:SecureTransport": "true"} | dict(context or {})
        return questions.can(self._case.world, self._who(principal), action, self._arn(resource), carried)

    def who_can(self, action: str, resource: str) -> Table:
        """Return who may take an action on a resource.

        Columns: principal, action, resource, standing, condition, statement.
        """
        rows = questions.who_can(self._case.world, action, self._arn(resource)).rows
        shown = tuple(
            (
                self._roles.get(row.principal, row.principal),
                row.action,
                row.resource,
                row.standing.value,
                row.condition,
                row.statement,
            )
            for row in rows
        )
        columns = ("principal", "action", "resource", "standing", "condition", "statement")
        return Table("principals that may", columns, shown)

    def matrix(self) -> Table:
        """Return who may do what with which resource.

        Columns: principal, resource, access, standing, action, condition, statement.
        """
        cells = questions.matrix(self._case.world).cells
        by_word = dict(self._words(cells))
        rows = [
            (
                self._roles.get(cell.principal, cell.principal),
                self._naming.resource(by_word.get(cell.resource, cell.resource)),
                cell.access,
                cell.standing.value,
                ", ".join(cell.actions),
                cell.condition,
                "; ".join(cell.statements),
            )
            for cell in cells
        ]
        columns = ("principal", "resource", "access", "standing", "action", "condition", "statement")
        return Table("permissions", columns, tuple(sorted(rows)))

    def _words(self, cells: tuple[questions.MatrixCell, ...]) -> Iterator[tuple[str, str]]:
        named = {cell.resource for cell in cells}
        for resource in self._case.world.resources.values():
            word = f"${{{resource.logical_id}}}"
            if word in named and resource.arn:
                yield word, resource.arn

    def _who(self, principal: str) -> str:
        nodes = {node: role for role, node in self._roles.items()}
        if principal in nodes:
            return nodes[principal]
        if ":" in principal or "." in principal or principal in {"anonymous", *self._case.world.identities}:
            return principal
        raise _unknown("node", principal, nodes)

    def _arn(self, resource: str) -> str:
        if resource == "*" or resource.startswith(("arn:", "${")):
            return resource
        owner, slash, key = resource.partition("/")
        if owner not in self._arns:
            raise _unknown("resource", owner, self._arns)
        return f"{self._arns[owner]}{slash}{key}"


def _unknown(what: str, name: str, known: Mapping[str, object]) -> PolicyError:
    near = difflib.get_close_matches(name, list(known), n=2)
    mend = f"did you mean {' or '.join(near)}?" if near else f"one of {', '.join(sorted(known))}"
    return PolicyError([Fault(f"the pipeline has no {what} {name!r}", "the question", mend)])
