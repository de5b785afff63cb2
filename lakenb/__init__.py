"""lakenb: document pipelines on AWS whose security model is true of the template."""

from lakenb.api import Pipeline, Vpc
from lakenb.catalog.archives import ZipInflate
from lakenb.catalog.connectors import S3Storage
from lakenb.catalog.custom import CustomMiddleware, middleware
from lakenb.catalog.delaying import Delay
from lakenb.catalog.documents import PdfTextConverter
from lakenb.catalog.flow import Condition, Passthrough, matched, mismatched
from lakenb.catalog.images import ImageMetadataExtractor
from lakenb.catalog.mail import EmailTextProcessor
from lakenb.catalog.reducing import Reducer
from lakenb.catalog.text import RecursiveCharacterTextSplitter
from lakenb.catalog.transforming import Transform
from lakenb.catalog.triggers import S3Trigger, SchedulerTrigger, SqsTrigger
from lakenb.catalog.vectors import LanceDBStorage
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
    NetworkError,
    OptionError,
    PackagingError,
    PipelineError,
    QuotaError,
    RunTimeoutError,
    SynthError,
    TravelError,
    UnsupportedError,
)
from lakenb.graph.filters import when
from lakenb.graph.keys import Key
from lakenb.graph.steps import Handle, Step

__all__ = [
    "Condition",
    "CustomMiddleware",
    "DefinitionError",
    "Delay",
    "DeploymentError",
    "EmailTextProcessor",
    "EnvironmentSetupError",
    "EventError",
    "Fault",
    "FilterError",
    "Handle",
    "ImageMetadataExtractor",
    "IncompatibleEdgeError",
    "InputsError",
    "Key",
    "LakenbError",
    "LanceDBStorage",
    "LocalRunError",
    "NetworkError",
    "OptionError",
    "PackagingError",
    "Passthrough",
    "PdfTextConverter",
    "Pipeline",
    "PipelineError",
    "QuotaError",
    "RecursiveCharacterTextSplitter",
    "Reducer",
    "RunTimeoutError",
    "S3Storage",
    "S3Trigger",
    "SchedulerTrigger",
    "SqsTrigger",
    "Step",
    "SynthError",
    "Transform",
    "TravelError",
    "UnsupportedError",
    "Vpc",
    "ZipInflate",
    "matched",
    "middleware",
    "mismatched",
    "when",
]
__version__ = "0.1.0"
