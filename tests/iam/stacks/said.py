"""Everything that a world says, as plain values that can be compared."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lakenb.iam.policies import Policy, Statement
    from lakenb.iam.stacks.world import World


def said(world: World) -> dict[str, Any]:
    """Return what a world says."""
    return {
        "resources": {
            path: (each.type, each.ref, each.arn, repr(each.properties))
            for path, each in world.resources.items()
        },
        "identities": {
            path: (
                [*map(of_policy, each.policies)],
                [*map(of_policy, each.boundaries)],
                of_policy(each.trust),
            )
            for path, each in world.identities.items()
        },
        "guards": {arn: of_policy(each) for arn, each in world.guards.items()},
        "endpoints": [
            (each.logical_id, each.id, each.vpc, of_policy(each.policy)) for each in world.endpoints
        ],
        "rest": (world.unresolved, world.choices, world.assumptions, dict(world.names)),
    }


def of_policy(policy: Policy | None) -> Any:
    """Return what a policy says."""
    return policy and (policy.kind, policy.label, [*map(of_statement, policy.statements)])


def of_statement(statement: Statement) -> Any:
    """Return what a statement says."""
    return (
        statement.label,
        statement.is_allow,
        (statement.principals and statement.principals.texts, statement.is_negated_principals),
        (statement.actions.texts, statement.actions.is_negated),
        ([each.source for each in statement.resources or ()], statement.is_negated_resources),
        [str(each) for each in statement.conditions],
    )
