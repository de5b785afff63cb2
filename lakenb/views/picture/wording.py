"""The words on arrows and boxes: actions, grants and filters, short."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from lakenb.graph.filters import AllOf, AnyOf, Condition, Exists, Not, OneOf, Prefix, Range

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lakenb.graph.filters import Filter, Test
    from lakenb.views.seen import SeenGrant

# What every event's keys begin with; it tells nothing on an arrow.
_PREFIXES = ("data.document.", "data.metadata.", "data.")


def short(action: str) -> str:
    """Return an action without its service, as labels say it.

    Examples
    --------
    >>> short("s3:GetObject"), short("*")
    ('GetObject', '*')
    """
    service, colon, verb = action.rpartition(":")
    return verb if colon and service.isalnum() else action


def labelled(grants: Iterable[SeenGrant], *, services: bool = False) -> tuple[str, ...]:
    """Return a line for each resource: its actions, then the resource.

    Parameters
    ----------
    grants
        Rows of the template.
    services
        Whether actions keep the name of their service, for readers who do not expect them.
    """
    actions: dict[str, list[str]] = {}
    for grant in grants:
        verb = grant.action if services else short(grant.action)
        found = actions.setdefault(grant.resource, [])
        if verb not in found:
            found.append(verb)
    return tuple(f"{', '.join(verbs)} {resource}" for resource, verbs in actions.items())


def detailed(grant: SeenGrant) -> str:
    """Return everything about a grant, on one line."""
    condition = f" if {grant.condition}" if grant.condition else ""
    return f"{grant.principal}: {grant.action} {grant.resource}{condition} ({grant.why})"


def filter_text(wanted: Filter) -> str:
    """Return a filter as a person says it.

    Examples
    --------
    >>> from lakenb import when
    >>> filter_text(when("data.document.size").gt(100) & ~when("data.document.type").equals("text/csv"))
    'size > 100 and not type = text/csv'
    """
    match wanted:
        case Condition(path=path, test=test):
            return _tested(_name(path), test)
        case Not(negated=negated):
            inner = filter_text(negated)
            return f"not {inner}" if isinstance(negated, Condition) else f"not ({inner})"
        case AllOf(filters=filters):
            return " and ".join(
                f"({filter_text(part)})" if isinstance(part, AnyOf) else filter_text(part) for part in filters
            )
        case AnyOf(filters=filters):
            return " or ".join(
                f"({filter_text(part)})" if isinstance(part, AllOf) else filter_text(part) for part in filters
            )
    return repr(wanted)


def _name(path: str) -> str:
    for prefix in _PREFIXES:
        if path.startswith(prefix):
            return path.removeprefix(prefix)
    return path


def _tested(name: str, test: Test) -> str:
    match test:
        case Range(low=low, high=high):
            below = "" if low is None else f"{low} {'<=' if test.low_included else '<'} "
            above = "" if high is None else f" {'<=' if test.high_included else '<'} {high}"
            if below and above:
                return f"{below}{name}{above}"
            if below:
                return f"{name} {'>=' if test.low_included else '>'} {low}"
            return f"{name}{above}"
        case OneOf(texts=texts, numbers=numbers, flags=flags):
            values = [*texts, *map(str, numbers), *(str(flag).lower() for flag in flags)]
            return f"{name} = {' | '.join(values)}"
        case Prefix(text=text):
            return f"{name} = {text}*"
        case Exists():
            return f"has {name}"
        case _:
            assert_never(test)
