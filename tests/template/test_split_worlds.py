"""The template in one piece and the nested ones that are deployed say the same, read as a stranger would.

So pictures and tables may be made from the whole value, and proofs from the exact templates.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

import lakenb as lk
from lakenb.iam.stacks.read import worlds
from lakenb.iam.stacks.source import source, together
from lakenb.review.verify import verify
from lakenb.template.split import STACK, Split, split
from tests.large import chain, fan_in, tree

if TYPE_CHECKING:
    from lakenb.iam.stacks.world import World

LARGE = {
    "tree": tree,
    "fan-in": fan_in,
    "fan-in under a key": lambda: fan_in(key=lk.Key()),
    "tree, a key per node": lambda: tree(key=lk.Key(), key_per="node"),
    "fan-in in a network": lambda: fan_in(vpc=lk.Vpc(create=True)),
}


def both(template: dict[str, Any], made: Split) -> tuple[World, World]:
    """Return the world of the whole and that of the parts, with the same physical names."""
    known: dict[str, Any] = {"account": "111122223333", "region": "eu-west-1", "stack_name": "large"}
    [whole] = worlds(source(template), **known)
    names = {name: one.ref for name, one in whole.resources.items()}
    paths = {path(made, name): ref for name, ref in names.items()}
    [first] = worlds(source(template), physical=names, **known)
    [second] = worlds(together(made.root, made.nested), physical=paths, **known)
    return first, second


def path(made: Split, logical_id: str) -> str:
    return f"{made.homes[logical_id]}/{logical_id}" if logical_id in made.homes else logical_id


@pytest.fixture(scope="module", params=LARGE)
def read(request: pytest.FixtureRequest) -> tuple[Split, World, World]:
    template = LARGE[request.param]().template()
    made = split(template)
    return (made, *both(template, made))


def plain(made: Split, value: Any) -> str:
    """Return a value as text, without the stacks in which resources are and the addresses of objects."""
    text = re.sub(r" at 0x[0-9a-f]+", "", repr(value))
    for home in made.nested:
        text = text.replace(f"{home}/", "")
    return text


def test_both_have_the_same_resources(read: tuple[Split, World, World]) -> None:
    made, whole, parts = read
    rest = {name: one for name, one in parts.resources.items() if one.type != STACK}
    assert {path(made, name) for name in whole.resources} == set(rest)
    for name, one in whole.resources.items():
        other = rest[path(made, name)]
        assert (one.type, one.ref, one.properties) == (other.type, other.ref, other.properties)
        # the id of a subscription, which no policy names, is made up from where it is
        assert one.arn == other.arn or one.type == "AWS::SNS::Subscription"


def test_both_have_the_same_identities(read: tuple[Split, World, World]) -> None:
    made, whole, parts = read
    assert len(whole.identities) > 60
    assert {path(made, name) for name in whole.identities} == set(parts.identities)
    for name, one in whole.identities.items():
        assert plain(made, one) == plain(made, parts.identities[path(made, name)])


def test_both_have_the_same_guards_and_endpoints(read: tuple[Split, World, World]) -> None:
    made, whole, parts = read
    assert len(whole.guards) > 200
    assert {arn: plain(made, one) for arn, one in whole.guards.items()} == {
        arn: plain(made, one) for arn, one in parts.guards.items()
    }
    assert plain(made, whole.endpoints) == plain(made, parts.endpoints)
    assert whole.unresolved == parts.unresolved == ()


@pytest.mark.parametrize("pipe", [chain(), tree(), fan_in()], ids=lambda pipe: str(pipe.id))
def test_every_claim_is_proved_on_the_nested_templates(pipe: lk.Pipeline) -> None:
    made = split(pipe.template())
    found = verify(together(made.root, made.nested, pipe.id), pipe)
    assert found.is_proved, found


def test_what_is_widened_in_a_nested_template_is_found_by_name() -> None:
    pipe = tree()
    made = split(pipe.template())
    [home] = {home for name, home in made.homes.items() if name == "N50Role"}
    role = made.nested[home]["Resources"]["N50Role"]
    role["Properties"]["Policies"][0]["PolicyDocument"]["Statement"][0]["Resource"] = "*"
    found = verify(together(made.root, made.nested, pipe.id), pipe)

    assert "P1" in found.failed
    assert any(f"{home}/N50Role" in str(one) or "'n-50'" in str(one) for one in found.findings)


def test_a_nested_stack_without_its_template_is_undecided() -> None:
    """What is not at hand is not proved: a template that was left out may hold any policy."""
    pipe = tree()
    made = split(pipe.template())
    missing = dict(made.nested)
    missing.popitem()
    found = verify(together(made.root, missing, pipe.id), pipe)
    assert not found.is_proved
