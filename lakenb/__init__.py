"""lakenb: document pipelines on AWS whose security model is true of the template."""

from lakenb.api import Pipeline
from lakenb.catalog.connectors import S3Storage
from lakenb.catalog.text import RecursiveCharacterTextSplitter
from lakenb.catalog.triggers import S3Trigger
from lakenb.errors import (
    DefinitionError,
    DeploymentError,
    EnvironmentSetupError,
    EventError,
    Fault,
    FilterError,
    IncompatibleEdgeError,
    InputsError,
    LakenbError,
    LocalRunError,
    OptionError,
    PackagingError,
    PipelineError,
    QuotaError,
    RunTimeoutError,
    UnsupportedError,
)
from lakenb.graph.filters import when
from lakenb.graph.steps import Handle, Step

__all__ = [
    "DefinitionError",
    "DeploymentError",
    "EnvironmentSetupError",
    "EventError",
    "Fault",
    "FilterError",
    "Handle",
    "IncompatibleEdgeError",
    "InputsError",
    "LakenbError",
    "LocalRunError",
    "OptionError",
    "PackagingError",
    "Pipeline",
    "PipelineError",
    "QuotaError",
    "RecursiveCharacterTextSplitter",
    "RunTimeoutError",
    "S3Storage",
    "S3Trigger",
    "Step",
    "UnsupportedError",
    "when",
]
__version__ = "0.1.0"
