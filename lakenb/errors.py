"""Everything lakenb raises on purpose, as one tree.

::

    LakenbError                     base: what is wrong, where, how to mend it
    ├── DefinitionError             the pipeline, as written, cannot be
    │   ├── OptionError             one or more options of a middleware are wrong
    │   ├── IncompatibleEdgeError   the two ends of an edge share no MIME type
    │   ├── TravelError             a function of the user's own that cannot travel to Lambda
    │   ├── FilterError             a filter that SNS cannot express, or that never matches
    │   └── PipelineError           all faults of a graph, gathered and raised once
    ├── UnsupportedError            understood, and refused aloud: this version does not do it
    ├── NetworkError                a given VPC does not let the pipeline's nodes reach what they call
    ├── QuotaError                  an AWS quota that the template would exceed
    ├── EventError                  a message that is no cloud event of ours
    ├── PolicyError                 a policy, or a request to be decided, is malformed
    ├── TemplateError               a CloudFormation template, or a cloud assembly, that cannot be read
    ├── PackagingError              a function's zip cannot be built
    ├── SynthError                  CDK is missing, refused the template, or cannot write the assembly
    └── LocalRunError               the embedded AWS, or a run on it, failed
        ├── EnvironmentSetupError   something the embedded AWS needs is missing here
        ├── InputsError             files that cannot be put, all of them
        ├── DeploymentError         the embedded AWS refused the template
        └── RunTimeoutError         the pipeline was not quiet in time

Security findings are no exceptions: a verifier returns them as values.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong: what, where, and how to mend it.

    Parameters
    ----------
    what
        The fault in one sentence, naming the user's own nodes and options.
    where
        The place in the pipeline (a node, an edge, an option).
    mend
        What to change so that the fault goes away.
    """

    what: str
    where: str
    mend: str

    def __str__(self) -> str:
        """Return the fault on three lines, as errors print it."""
        return f"{self.what}\n  where: {self.where}\n  mend:  {self.mend}"


class LakenbError(Exception):
    """Base of every error raised on purpose.

    Parameters
    ----------
    what, where, mend
        See `Fault`.
    """

    def __init__(self, what: str, where: str, mend: str) -> None:
        super().__init__(what, where, mend)  # positional, so pickling keeps working
        self.fault: Fault = Fault(what, where, mend)

    def __str__(self) -> str:
        """Return what is wrong, where, and how to mend it."""
        return str(self.fault)


class FaultsError(LakenbError):
    """Base of errors that gather several faults and are raised once.

    Parameters
    ----------
    faults
        At least one fault, in the order in which they are to be read.
    """

    def __init__(self, faults: Sequence[Fault]) -> None:
        first = faults[0]
        super().__init__(first.what, first.where, first.mend)
        self.faults: tuple[Fault, ...] = tuple(faults)
        self.args: tuple[object, ...] = (self.faults,)  # positional, so pickling keeps working

    def __str__(self) -> str:
        """Return every fault; more than one is numbered."""
        if len(self.faults) == 1:
            return str(self.faults[0])
        numbered = (f"{number}. {fault}" for number, fault in enumerate(self.faults, start=1))
        return "\n".join((f"{len(self.faults)} faults", *numbered))


class DefinitionError(LakenbError):
    """The pipeline, as written, cannot be."""


class OptionError(FaultsError, DefinitionError):
    """One or more options of a middleware are wrong."""


class IncompatibleEdgeError(DefinitionError):
    """The two ends of an edge share no MIME type."""


class TravelError(FaultsError, DefinitionError):
    """A function of the user's own that cannot travel to Lambda, with every reason."""


class FilterError(DefinitionError):
    """A filter that SNS cannot express, or that can never match."""


class PipelineError(FaultsError, DefinitionError):
    """All faults of a graph, gathered and raised once."""


class UnsupportedError(LakenbError):
    """Understood, and refused aloud: this version does not do it."""


class QuotaError(FaultsError):
    """One or more AWS quotas that the template would exceed."""


class NetworkError(FaultsError):
    """A given VPC does not let the pipeline's nodes reach what they call; with every node and service."""


class EventError(LakenbError):
    """A message that is no cloud event of ours."""


class PolicyError(FaultsError):
    """A policy, or a request that is to be decided, is malformed; with every fault and its path."""


class TemplateError(FaultsError):
    """A CloudFormation template, or a cloud assembly, that cannot be read; with every fault and its place."""


class PackagingError(LakenbError):
    """A function's zip cannot be built."""


class SynthError(LakenbError):
    """No cloud assembly: CDK is missing, refuses the template, or the directory cannot take it."""


class LocalRunError(LakenbError):
    """The embedded AWS, or a run on it, failed."""


class EnvironmentSetupError(LocalRunError):
    """Something that the embedded AWS needs is missing on this machine."""


class InputsError(FaultsError, LocalRunError):
    """Files that cannot be put, all of them."""


class DeploymentError(LocalRunError):
    """The embedded AWS refused the template."""


class RunTimeoutError(LocalRunError):
    """The pipeline was not quiet in time."""
