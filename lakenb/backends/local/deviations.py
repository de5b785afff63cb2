"""Where the embedded AWS decides otherwise than AWS's pages say: the known rows, each with its page.

A row tells how the embedded AWS reads a request and its policies. With that reading our evaluator must come
to the embedded AWS's answer, or the row does not explain a difference. What the embedded AWS does not ask at
all leaves no decision to compare: those rows are `launcher.ungated.UNGATED`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from lakenb.iam.policies import Policy, indexed
from lakenb.iam.requests import Sort

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from lakenb.iam.evaluator import InForce
    from lakenb.iam.requests import Request

    Reading = Callable[[Request, InForce], tuple[Request, InForce]]

_IAM: Final = "https://docs.aws.amazon.com/IAM/latest/UserGuide"
_KEYS_PAGE: Final = f"{_IAM}/reference_policies_condition-keys.html"
_NOT_PRINCIPAL_PAGE: Final = f"{_IAM}/reference_policies_elements_notprincipal.html"
_FUNCTION_PAGE: Final = "https://docs.aws.amazon.com/lambda/latest/dg/permissions-source-function-arn.html"

# What the embedded AWS says of a service that asks: it has no ARN, so the engine is given a star.
_OF_A_SERVICE: Final = {
    "aws:principalarn": ("*",),
    "aws:principaltype": ("Service",),
    "aws:principalaccount": ("",),
}


@dataclass(frozen=True, slots=True)
class Deviation:
    """One way in which the embedded AWS differs from AWS's pages.

    Parameters
    ----------
    here, aws
        What the embedded AWS does, and what AWS does: sentences without their full stops.
    page
        Where AWS says so.
    reading
        Returns request and policies as the embedded AWS reads them.
    """

    here: str
    aws: str
    page: str
    reading: Reading

    def __str__(self) -> str:
        """Return it in one sentence."""
        return f"{self.here}; {self.aws} ({self.page})"


def _without_not_principal(request: Request, policies: InForce) -> tuple[Request, InForce]:
    found = policies.resource
    if found is None:
        return request, policies
    kept = tuple(one for one in found.statements if not one.is_negated_principals)
    return request, replace(policies, resource=Policy(found.kind, found.label, kept, *indexed(kept)))


def _without_services_keys(request: Request, policies: InForce) -> tuple[Request, InForce]:
    asks = request.principal
    keys = {} if asks.sort is Sort.SERVICE else _without(asks.keys, "aws:principalisawsservice")
    told = _without(request.context, "aws:viaawsservice")
    if asks.sort is Sort.SERVICE:
        told = {**told, **_OF_A_SERVICE}
    return replace(request, principal=replace(asks, keys=keys), context=told), policies


def _without_function(request: Request, policies: InForce) -> tuple[Request, InForce]:
    return replace(request, context=_without(request.context, "lambda:sourcefunctionarn")), policies


def _without(keys: Mapping[str, tuple[str, ...]], name: str) -> dict[str, tuple[str, ...]]:
    return {key: values for key, values in keys.items() if key != name}


DEVIATIONS: Final[tuple[Deviation, ...]] = (
    Deviation(
        "the embedded AWS passes over a statement with NotPrincipal",
        "AWS applies it to everybody whom it does not name",
        _NOT_PRINCIPAL_PAGE,
        _without_not_principal,
    ),
    Deviation(
        "the embedded AWS's requests carry neither aws:PrincipalIsAWSService nor aws:ViaAWSService, and a"
        " service's carry keys of a principal",
        "AWS's carry the first two, and of a service its name",
        _KEYS_PAGE,
        _without_services_keys,
    ),
    Deviation(
        "the embedded AWS's requests of a function do not carry lambda:SourceFunctionArn",
        "AWS's carry the function's ARN",
        _FUNCTION_PAGE,
        _without_function,
    ),
)
"""In the order in which they are tried; one alone must explain a difference."""
