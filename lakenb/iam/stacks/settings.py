"""What is given of a deployment, what one world assumes beside it, and the deployment that comes of both."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from lakenb.errors import Fault, TemplateError
from lakenb.iam.shown import short
from lakenb.iam.stacks.deployment import Deployment
from lakenb.iam.stacks.names import hashed
from lakenb.iam.stacks.template import section

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lakenb.iam.stacks.source import Source
    from lakenb.iam.stacks.survey import Survey

PARTITIONS: Final = {"cn-": "aws-cn", "us-gov-": "aws-us-gov"}
"""Partitions other than ``aws``, by how the names of their regions begin."""

_ACCOUNT: Final = "519273640582"
_STACK_NAME: Final = "Stack-8c41d07e5b2f"
_REGION: Final = "eu-west-1"
_IN_DEPLOYED = re.compile(r"(?:arn:[^:]*:[^:]*:[^:]*:|^https://sqs\.[^/]*/)([0-9]{12})[:/]")


@dataclass(frozen=True, slots=True)
class Choice:
    """What one world assumes.

    Parameters
    ----------
    values
        Of parameters and pseudo parameters that are not given.
    atoms
        Of comparisons that are not followed.
    sentences
        The same for people.
    """

    values: Mapping[str, str] = field(default_factory=dict)
    atoms: Mapping[str, bool] = field(default_factory=dict)
    sentences: tuple[str, ...] = ()

    @property
    def key(self) -> tuple[Any, ...]:
        """What tells it from other choices."""
        return tuple(sorted(self.values.items())), tuple(sorted(self.atoms.items()))


@dataclass(frozen=True, slots=True)
class Settings:
    """What is given of a deployment, and what is made up where it is not.

    Parameters
    ----------
    region, account, stack_name
        Given or made up.
    given
        Values of the root's parameters.
    physical
        What ``Ref`` returns for resources that are deployed.
    free
        Names of the pseudo parameters that are not given.
    """

    region: str
    account: str
    stack_name: str
    given: Mapping[str, str]
    physical: Mapping[str, str]
    free: frozenset[str]

    def deployment(self, choice: Choice, renamed: Mapping[str, str] | None = None) -> Deployment:
        """Return a fresh deployment for a world."""
        values = choice.values
        region = values.get("AWS::Region", self.region)
        partition = values.get("AWS::Partition", partition_of(region))
        return Deployment(
            partition,
            region,
            values.get("AWS::AccountId", self.account),
            values.get("AWS::StackName", self.stack_name),
            given=self.given,
            choices=values,
            free=self.free,
            atoms=choice.atoms,
            physical=self.physical,
            renamed=renamed or {},
        )


def partition_of(region: str) -> str:
    """Return the partition that a region belongs to."""
    return next((found for head, found in PARTITIONS.items() if region.startswith(head)), "aws")


def settings_of(  # noqa: PLR0917 - the arguments of `Reader.worlds`, handed on
    source: Source,
    survey: Survey,
    parameters: Mapping[str, str],
    account: str | None,
    region: str | None,
    stack_name: str | None,
    physical: Mapping[str, str] | None,
) -> Settings:
    """Return what is given of a deployment, and what is made up: see `lakenb.iam.stacks.read.Reader.worlds`.

    Raises
    ------
    TemplateError
        If it does not suit the template.
    """
    faults = [
        Fault(f"the template has no parameter {name!r}", "parameters", "give only parameters that it has")
        for name in parameters
        if name not in section(source.template, "Parameters")
    ]
    faults += [
        Fault(f"the value of {name} is {short(value)}", "parameters", "give a text")
        for name, value in parameters.items()
        if not isinstance(value, str)
    ]
    if account is not None and not (
        account.isascii() and account.isdigit() and len(account) == len(_ACCOUNT)
    ):
        faults.append(Fault(f"{short(account)} is no account", "account", "give twelve digits"))
    if faults:
        raise TemplateError(faults)
    told = {each for text in (physical or {}).values() for each in _IN_DEPLOYED.findall(text)}
    if account is None and len(told) == 1:  # where it is deployed tells the account
        account = told.pop()
    named = {each for seen in survey.values() for each in seen.accounts}
    candidates = (_ACCOUNT, *(str(int(hashed(f"account {number}", 16), 16))[:12] for number in range(100)))
    made = next((each for each in candidates if each not in named), _ACCOUNT)
    given = {"AccountId": account, "Region": region, "StackName": stack_name}
    free = {f"AWS::{name}" for name, value in given.items() if value is None}
    free |= {"AWS::Partition"} if region is None else set()
    return Settings(
        region or _REGION,
        account or made,
        stack_name or _STACK_NAME,
        given=dict(parameters),
        physical=dict(physical or {}),
        free=frozenset(free),
    )
