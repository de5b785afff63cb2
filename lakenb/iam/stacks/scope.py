"""One stack in one world: what its names, parameters, conditions, mappings and outputs stand for.

Everything is worked out when it is asked for, and remembered. What was asked is recorded with the answer in
`Deployment.asked`, so that a reader can tell later whether an unchanged resource still means the same.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from lakenb.iam.stacks.conditions import Truths
from lakenb.iam.stacks.deployment import Silent
from lakenb.iam.stacks.forms import fifo_property, form_of
from lakenb.iam.stacks.intrinsics import NO_VALUE, Resolver
from lakenb.iam.stacks.names import Names, hashed, names
from lakenb.iam.stacks.parameters import PSEUDO, Parameters
from lakenb.iam.stacks.permissions import function_arn
from lakenb.iam.stacks.template import STACK, kind_of, meant, properties_of, section
from lakenb.iam.stacks.transforms import adds_resources
from lakenb.iam.stacks.world import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from lakenb.iam.stacks.deployment import Deployment
    from lakenb.iam.stacks.source import Source

_DEEPEST_NESTING: Final = 8


class Scope:
    """One stack in one world.

    Parameters
    ----------
    deployment
        What is shared with the other stacks of the world.
    source
        The template.
    prefix
        The path of nested stacks, with its slash; empty for the root.
    parent
        The stack that this one is nested in, with the values it gives; None for the root.
    """

    def __init__(
        self,
        deployment: Deployment,
        source: Source,
        prefix: str = "",
        parent: tuple[Scope, Mapping[str, Any]] | None = None,
    ) -> None:
        self.deployment = deployment
        self.source = source
        self.prefix = prefix
        self.parent = parent
        self.parameters: Parameters = Parameters(self, section(source.template, "Parameters"))
        self.mappings: Mapping[str, Any] = section(source.template, "Mappings")
        self.outputs: Mapping[str, Any] = section(source.template, "Outputs")
        self.resources: dict[str, Any] = {
            name: each
            for name, each in section(source.template, "Resources").items()
            if not name.startswith("Fn::")
        }
        self.adds_resources: bool = adds_resources(source.template)
        self.around: dict[str, str] = deployment.around
        self.truths: Truths = Truths(self, section(source.template, "Conditions"))
        self.children: dict[str, Scope] = {}
        self.silent: Resolver = Resolver(self, Silent())
        deployment.scopes[prefix] = self

    @property
    def region(self) -> str:
        """The region."""
        return self.deployment.region

    # --- what intrinsic functions ask -------------------------------------------------------------------

    def ref(self, name: str) -> Any:
        """Return what ``Ref`` returns."""
        if name in self.parameters.declared:
            found: Any = self.parameters.value(name)
        elif name in self.resources:
            found = self.names_of(name).ref
        elif name in PSEUDO:
            found = self.parameters.pseudo(name)
        elif self.adds_resources:
            found = UNKNOWN
        else:
            raise LookupError(*self._nothing(name))
        self.deployment.asked[self.prefix, name, ""] = found
        return found

    def attribute(self, logical_id: str, name: str) -> Any:
        """Return an attribute of a resource; None for what no template tells."""
        if logical_id not in self.resources and not self.adds_resources:
            raise LookupError(*self._nothing(logical_id))
        found = self._attribute(logical_id, name)
        self.deployment.asked[self.prefix, logical_id, name] = found
        return found

    def _attribute(self, logical_id: str, name: str) -> Any:
        resource = self.resources.get(logical_id)
        kind = kind_of(resource)
        if resource is None or kind.startswith("Custom::") or kind == "AWS::CloudFormation::CustomResource":
            return None
        if kind == STACK:
            return self._output(logical_id, name)
        if kind == "AWS::SSM::Parameter" and name == "Value":
            return self._once(f"{logical_id}.Value", properties_of(resource).get("Value", UNKNOWN))
        return self.names_of(logical_id).attribute(name)

    def condition(self, name: str) -> bool:
        """Return whether a condition holds."""
        holds = self.truths.of(name)
        self.deployment.asked[self.prefix, name, "?"] = holds
        return holds

    def mapped(self, name: str, first: str, second: str) -> Any:
        """Return a value of a mapping; None where it has no such keys."""
        if name not in self.mappings:
            raise LookupError(f"there is no mapping {name!r}", meant(name, self.mappings))
        row = self.mappings[name].get(first)
        found = row.get(second) if isinstance(row, dict) else None
        self.deployment.asked[self.prefix, name, f"{first}\n{second}"] = found
        return found

    def imported(self, name: str) -> str | None:
        """Return the value of an export of the world's stacks."""
        shared = self.deployment
        if shared.exports is None:
            shared.exports = {}  # an export that is made with an import of itself finds nothing
            shared.exports = dict(exports(shared.scopes.values()))
        found = shared.exports.get(name)
        shared.asked["", name, "export"] = found
        return found

    def answer(self, name: str, attribute: str) -> Any:
        """Return the answer to a question as `Deployment.asked` records it."""
        match attribute:
            case "":
                return self.ref(name)
            case "?":
                return self.condition(name)
            case "export":
                return self.imported(name)
        if "\n" in attribute:
            return self.mapped(name, *attribute.split("\n", 1))
        return self.attribute(name, attribute)

    # --- names --------------------------------------------------------------------------------------------

    def names_of(self, logical_id: str) -> Names:
        """Return the names of one of the stack's resources."""
        path = self.prefix + logical_id
        shared = self.deployment
        found = shared.names.get(path)
        if found is None:
            resource = self.resources[logical_id]
            found = shared.names[path] = shared.once(
                path,
                lambda: self._named(path, resource),
                lambda: names(path, kind_of(resource), self.around),
            )
        return found

    def _named(self, path: str, resource: Any) -> Names:
        kind, properties, form = kind_of(resource), properties_of(resource), form_of(kind_of(resource))
        given = self._text(properties, form.given_by) if form.given_by else None
        more: dict[str, str] = {}
        if "{path}" in form.arn:
            more["path"] = self._text(properties, "Path") or "/"
        if "{group}" in form.arn:
            more["group"] = self._text(properties, "GroupName") or "default"
        if "{function}" in form.ref:
            targets = (self._text(properties, name) for name in ("FunctionName", "TargetFunctionArn"))
            more["function"] = function_arn(next(filter(None, targets), ""), self.around)
        fifo = fifo_property(kind)
        is_fifo = bool(fifo) and self._text(properties, fifo) == "true"
        ref = self.deployment.physical.get(path)
        is_made = given is None and ref is None
        if is_made:
            given = self.deployment.renamed.get(path)
        found = names(path, kind, self.around, name=given, ref=ref, is_fifo=is_fifo, **more)
        is_open = is_made and form.given_by in properties
        return replace(found, is_made=is_made, is_open=is_open)

    def _text(self, properties: Mapping[str, Any], name: str) -> str | None:
        """Return a property as text; None where it is not there, or not known."""
        if name not in properties:
            return None
        found = self.silent.value(properties[name])
        if isinstance(found, bool):
            return "true" if found else "false"
        return found if isinstance(found, str) and found and UNKNOWN not in found else None

    @property
    def stack_name(self) -> str:
        """The stack's name; a nested stack's is the parent's with its logical id and more."""
        if self.parent is None:
            return self.deployment.stack_name
        logical_id = self.prefix.rstrip("/").rsplit("/", 1)[-1]
        return f"{self.parent[0].stack_name}-{logical_id}-{hashed(self.prefix).upper()}"

    # --- nested stacks ------------------------------------------------------------------------------------

    def child(self, logical_id: str) -> Scope | None:
        """Return a nested stack; None where its template is not at hand."""
        found = self.children.get(logical_id)
        inner = self.source.nested.get(logical_id)
        if found is None and inner is not None:
            given = properties_of(self.resources[logical_id]).get("Parameters", {})
            given = given if isinstance(given, dict) else {}
            found = Scope(self.deployment, inner, f"{self.prefix}{logical_id}/", (self, given))
            self.children[logical_id] = found
        return found

    def _output(self, logical_id: str, name: str) -> Any:
        inner = self.child(logical_id)
        if inner is None or not name.startswith("Outputs."):
            return None
        wanted = name.removeprefix("Outputs.")
        output = inner.outputs.get(wanted)
        if not isinstance(output, dict) or "Value" not in output:
            raise LookupError(
                f"the nested stack {logical_id} has no output {wanted!r}", meant(wanted, inner.outputs)
            )
        return inner.output(wanted)

    def output(self, name: str) -> Any:
        """Return one of the stack's outputs; None where it is not known."""
        found = self._once(f"Outputs.{name}", self.outputs[name]["Value"])
        return None if found is NO_VALUE else found

    def _once(self, what: str, written: Any) -> Any:
        """Return a value, or `UNKNOWN` where it asks for itself."""
        return self.deployment.once(self.prefix + what, lambda: self.silent.value(written), lambda: UNKNOWN)

    def _nothing(self, name: str) -> tuple[str, str]:
        known = [*self.resources, *self.parameters.declared, *PSEUDO]
        return f"nothing here has the logical id {name!r}", meant(name, known)


def all_scopes(scope: Scope, depth: int = 0) -> Iterator[Scope]:
    """Return a stack and those nested in it, as far as their conditions let them exist."""
    yield scope
    for logical_id in scope.source.nested:
        is_stack = kind_of(scope.resources.get(logical_id)) == STACK
        if depth < _DEEPEST_NESTING and is_stack and exists(scope, logical_id):
            inner = scope.child(logical_id)
            if inner is not None:
                yield from all_scopes(inner, depth + 1)


def exists(scope: Scope, logical_id: str) -> bool:
    """Return whether a resource's condition holds; where there is no such condition, the fault is noted."""
    written = scope.resources[logical_id]
    name = written.get("Condition") if isinstance(written, dict) else None
    if not isinstance(name, str):
        return True
    try:
        return scope.condition(name)
    except LookupError as error:
        scope.truths.faults[str(error.args[0]), f"Resources.{logical_id}.Condition", str(error.args[1])] = (
            None
        )
        return True


def exports(scopes: Iterable[Scope]) -> Iterator[tuple[str, str]]:
    """Return names and values of the exports of stacks."""
    for scope in list(scopes):
        for name, written in scope.outputs.items():
            export = written.get("Export") if isinstance(written, dict) else None
            if isinstance(export, dict):
                exported, value = scope.silent.value(export.get("Name", "")), scope.output(name)
                if isinstance(exported, str) and isinstance(value, str):
                    yield exported, value
