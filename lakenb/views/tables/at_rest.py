"""What a template says of a resource's encryption at rest: the words, the key, and the property.

Fails closed: what is not in the template, or not plain there, is never called encrypted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lakenb.iam.texts import resolve
from lakenb.views.tables.published import KMS, NONE, SSE, SSE_S3, SSE_SQS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

NOT_NAMED, UNREADABLE = "not named", "not readable"
_SERVICE_KEY, _AWS_MANAGED, _AWS_OWNED = "the service's", "AWS managed", "AWS owned"


@dataclass(frozen=True, slots=True)
class AtRest:
    """How a resource is encrypted at rest.

    Parameters
    ----------
    words
        ``SSE-SQS``, ``KMS``, ``none``...; `NOT_NAMED` or `UNREADABLE` where the template does not tell.
    key
        Whose key.
    evidence
        The property that says so, as it stands in the template.
    """

    words: str
    key: str
    evidence: str

    @property
    def is_under_key(self) -> bool:
        """Whether this is under a customer managed key, for sure; AWS's own keys are none."""
        return self.words == KMS and self.key != _AWS_MANAGED and "alias/aws/" not in self.key

    def keeps(self, promised: str) -> bool:
        """Whether this is what the published page promises, or more."""
        if promised == KMS:
            return self.is_under_key
        return promised == NONE or self.words in {promised, KMS}

    def exceeds(self, promised: str) -> bool:
        """Whether this is more than what the published page promises, for sure."""
        return self.words in {SSE, SSE_SQS, SSE_S3, KMS} - {promised}


def properties_of(resource: Any) -> Mapping[str, Any]:
    """Return a resource's properties; none where the template holds no object there."""
    found = resource.get("Properties") if isinstance(resource, dict) else None
    return found if isinstance(found, dict) else {}


def at_rest(kind: str, properties: Mapping[str, Any]) -> AtRest | None:
    """Return how a resource of this type is encrypted at rest; None for types that hold no data of ours."""
    reader = _READERS.get(kind)
    return None if reader is None else reader(properties)


def _queue(properties: Mapping[str, Any]) -> AtRest:
    if "KmsMasterKeyId" in properties:
        return _kms("KmsMasterKeyId", properties["KmsMasterKeyId"])
    name = "SqsManagedSseEnabled"
    return _switch(name, properties, AtRest(SSE_SQS, "SQS's", f"Properties.{name} = true"))


def _topic(properties: Mapping[str, Any]) -> AtRest:
    if "KmsMasterKeyId" in properties:
        return _kms("KmsMasterKeyId", properties["KmsMasterKeyId"])
    return AtRest(NONE, "", "no Properties.KmsMasterKeyId")


def _file_system(properties: Mapping[str, Any]) -> AtRest:
    if "KmsKeyId" in properties and _is_true(properties.get("Encrypted")):
        return _kms("KmsKeyId", properties["KmsKeyId"])
    if "Encrypted" not in properties:
        return AtRest(NONE, "", "no Properties.Encrypted")
    return _switch("Encrypted", properties, AtRest(KMS, _AWS_MANAGED, "Properties.Encrypted = true"))


def _table(properties: Mapping[str, Any]) -> AtRest:
    specification = properties.get("SSESpecification")
    if specification is None:
        return AtRest(SSE, _AWS_OWNED, "no Properties.SSESpecification: DynamoDB's default")
    if not isinstance(specification, dict):
        return _unreadable("SSESpecification", specification)
    if "KMSMasterKeyId" in specification:
        return _kms("SSESpecification.KMSMasterKeyId", specification["KMSMasterKeyId"])
    enabled = specification.get("SSEEnabled")
    if _is_true(enabled):
        return AtRest(KMS, _AWS_MANAGED, "Properties.SSESpecification.SSEEnabled = true")
    if _is_false(enabled):
        return AtRest(SSE, _AWS_OWNED, "Properties.SSESpecification.SSEEnabled = false: DynamoDB's default")
    return _unreadable("SSESpecification.SSEEnabled", enabled)


def _log_group(properties: Mapping[str, Any]) -> AtRest:
    if "KmsKeyId" in properties:
        return _kms("KmsKeyId", properties["KmsKeyId"])
    return AtRest(SSE, _SERVICE_KEY, "no Properties.KmsKeyId: CloudWatch Logs' default")


def _bucket(properties: Mapping[str, Any]) -> AtRest:
    place = "BucketEncryption"
    if place not in properties:
        return _not_named(place)
    try:
        rules = properties[place]["ServerSideEncryptionConfiguration"]
        defaults = [rule["ServerSideEncryptionByDefault"] for rule in rules]
        algorithms = [default["SSEAlgorithm"] for default in defaults]
    except (KeyError, TypeError):
        return _unreadable(place, properties[place])
    if algorithms == ["AES256"]:
        return AtRest(SSE_S3, "S3's", f"Properties.{place}: SSEAlgorithm = AES256")
    if algorithms in (["aws:kms"], ["aws:kms:dsse"]):
        key = defaults[0].get("KMSMasterKeyID")
        shown = _AWS_MANAGED if key is None else str(resolve(key))
        return AtRest(KMS, shown, f"Properties.{place}: SSEAlgorithm = {algorithms[0]}")
    return _unreadable(place, properties[place])


def _function(properties: Mapping[str, Any]) -> AtRest | None:
    environment = properties.get("Environment")
    if not environment or environment == {"Variables": {}}:
        return None
    if "KmsKeyArn" in properties:
        return _kms("KmsKeyArn", properties["KmsKeyArn"])
    return AtRest(NONE, "", "no Properties.KmsKeyArn")


def _state_machine(properties: Mapping[str, Any]) -> AtRest:
    place = "EncryptionConfiguration"
    configuration = properties.get(place, {"Type": "AWS_OWNED_KEY"})
    kind = configuration.get("Type") if isinstance(configuration, dict) else None
    if kind == "AWS_OWNED_KEY":
        words = f"Properties.{place}" if place in properties else f"no Properties.{place}"
        return AtRest(SSE, _AWS_OWNED, f"{words}: Step Functions' default")
    if kind == "CUSTOMER_MANAGED_KMS_KEY" and "KmsKeyId" in configuration:
        return _kms(f"{place}.KmsKeyId", configuration["KmsKeyId"])
    return _unreadable(place, configuration)


def _schedule(properties: Mapping[str, Any]) -> AtRest:
    if "KmsKeyArn" in properties:
        return _kms("KmsKeyArn", properties["KmsKeyArn"])
    return AtRest(SSE, _AWS_OWNED, "no Properties.KmsKeyArn: EventBridge Scheduler's default")


def schedule_group(properties_of_function: Mapping[str, Any]) -> AtRest:
    """Return how the schedules are encrypted that a function makes while it runs."""
    environment = properties_of_function.get("Environment")
    variables = environment.get("Variables") if isinstance(environment, dict) else None
    if not isinstance(variables, dict):
        return AtRest(UNREADABLE, "", f"Properties.Environment = {resolve(environment)}")
    if "LAKENB_KEY" in variables:
        return _kms("Environment.Variables.LAKENB_KEY", variables["LAKENB_KEY"])
    return AtRest(SSE, _AWS_OWNED, "no LAKENB_KEY in the function that makes them: the service's default")


def _task(properties: Mapping[str, Any]) -> AtRest | None:
    containers = properties.get("ContainerDefinitions")
    listed = containers if isinstance(containers, list) else []
    if not any(isinstance(one, dict) and one.get("Environment") for one in listed):
        return None
    return AtRest(NONE, "", "Properties.ContainerDefinitions: Environment")


_READERS: dict[str, Callable[[Mapping[str, Any]], AtRest | None]] = {
    "AWS::SQS::Queue": _queue,
    "AWS::SNS::Topic": _topic,
    "AWS::EFS::FileSystem": _file_system,
    "AWS::DynamoDB::Table": _table,
    "AWS::DynamoDB::GlobalTable": _table,
    "AWS::Logs::LogGroup": _log_group,
    "AWS::S3::Bucket": _bucket,
    "AWS::Lambda::Function": _function,
    "AWS::ECS::TaskDefinition": _task,
    "AWS::StepFunctions::StateMachine": _state_machine,
    "AWS::Scheduler::Schedule": _schedule,
}


def _kms(place: str, key: Any) -> AtRest:
    text = resolve(key)
    if not text.is_known or not text.pieces:
        return _unreadable(place, key)
    return AtRest(KMS, str(text), f"Properties.{place} = {text}")


def _switch(name: str, properties: Mapping[str, Any], switched_on: AtRest) -> AtRest:
    if name not in properties:
        return _not_named(name)
    value = properties[name]
    if _is_true(value):
        return switched_on
    return AtRest(NONE, "", f"Properties.{name} = false") if _is_false(value) else _unreadable(name, value)


def _not_named(name: str) -> AtRest:
    return AtRest(NOT_NAMED, "", f"no Properties.{name}")


def _unreadable(place: str, value: Any) -> AtRest:
    return AtRest(UNREADABLE, "", f"Properties.{place} = {resolve(value)}")


def _is_true(value: Any) -> bool:
    return value is True or value == "true"


def _is_false(value: Any) -> bool:
    return value is False or value == "false"
