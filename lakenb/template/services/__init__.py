"""The resources of nodes' services."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lakenb.graph.services import Service
from lakenb.security.services import extra_roles
from lakenb.security.statements import extra_role_statements
from lakenb.security.values import Sort
from lakenb.template.names import Kind
from lakenb.template.policies import VERSION, conditions, document
from lakenb.template.resources import resource
from lakenb.template.services import clock, files, indexes, machines, schedules, tables

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

    from lakenb.security.values import ExtraRole
    from lakenb.template.resources import Resource, View

_MODULES = {
    Service.TABLE: tables,
    Service.SCHEDULES: schedules,
    Service.SCHEDULE: clock,
    Service.MACHINE: machines,
    Service.FILES: files,
    Service.INDEX: indexes,
}
_ROLES = {Sort.SCHEDULE_ROLE: Kind.SCHEDULE_ROLE, Sort.MACHINE_ROLE: Kind.MACHINE_ROLE}


def service_resources(view: View) -> dict[Kind, Resource]:
    """Return the resources of a node's services, the roles that these take among them."""
    made: dict[Kind, Resource] = {}
    for module in _of(view):
        made |= module.resources(view)
    for role in extra_roles(view.graph, view.node):
        made[_ROLES[role.sort]] = _role(view, role)
    return made


def service_environment(view: View) -> dict[str, Any]:
    """Return what a node's function is told of its services."""
    return {name: value for module in _of(view) for name, value in module.environment(view).items()}


def _of(view: View) -> Iterator[ModuleType]:
    yield from dict.fromkeys(_MODULES[service] for service in view.step.services())


def _role(view: View, role: ExtraRole) -> Resource:
    allow: Resource = {
        "Sid": "TheServiceWorksForThisNode",
        "Effect": "Allow",
        "Principal": {"Service": role.service},
        "Action": "sts:AssumeRole",
    }
    if role.conditions:
        allow["Condition"] = conditions(role.conditions, view.arns)
    statements = extra_role_statements(view.graph, view.node, role)
    inline = {"PolicyName": "service", "PolicyDocument": document(statements, view.arns)}
    trust = {"Version": VERSION, "Statement": [allow]}
    return resource("AWS::IAM::Role", {"AssumeRolePolicyDocument": trust, "Policies": [inline]})
