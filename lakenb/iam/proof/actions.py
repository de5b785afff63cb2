"""Names of AWS's actions, for readable witnesses: which name a class of actions is shown by.

The prover's classes do not depend on this table: a class in which no name is known is examined as well, by
a name that AWS may use one day. Names: Service Authorization Reference, of the services that templates of
document pipelines use most.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

FUTURE: Final = "FutureAction"
"""Ends the name of an action that is not known here."""

_NAMES: Final = {
    "s3": "GetObject PutObject DeleteObject ListBucket GetObjectVersion GetObjectAcl"
    " PutObjectAcl GetObjectTagging PutObjectTagging DeleteObjectTagging"
    " DeleteObjectVersion AbortMultipartUpload ListMultipartUploadParts ListBucketVersions"
    " ListBucketMultipartUploads GetBucketLocation GetBucketPolicy PutBucketPolicy"
    " DeleteBucketPolicy GetBucketAcl PutBucketAcl PutBucketPublicAccessBlock"
    " GetBucketPublicAccessBlock PutEncryptionConfiguration GetEncryptionConfiguration"
    " PutLifecycleConfiguration GetLifecycleConfiguration PutBucketNotification"
    " GetBucketNotification PutBucketVersioning GetBucketVersioning"
    " PutReplicationConfiguration PutObjectRetention PutObjectLegalHold GetObjectRetention"
    " GetObjectLegalHold BypassGovernanceRetention PutBucketObjectLockConfiguration"
    " RestoreObject ReplicateObject ReplicateDelete GetObjectAttributes"
    " PutBucketOwnershipControls PutBucketTagging GetBucketTagging PutBucketLogging"
    " GetBucketLogging PutBucketCORS GetBucketCORS DeleteBucket CreateBucket"
    " ListAllMyBuckets PutObjectVersionTagging PutObjectVersionAcl"
    " ObjectOwnerOverrideToBucketOwner GetBucketOwnershipControls"
    " GetBucketObjectLockConfiguration CreateAccessPoint PutAccessPointPolicy",
    "sqs": "SendMessage ReceiveMessage DeleteMessage GetQueueAttributes GetQueueUrl"
    " SetQueueAttributes ChangeMessageVisibility PurgeQueue DeleteQueue CreateQueue"
    " AddPermission RemovePermission ListQueues ListQueueTags TagQueue UntagQueue"
    " ListDeadLetterSourceQueues StartMessageMoveTask ListMessageMoveTasks"
    " CancelMessageMoveTask",
    "sns": "Publish Subscribe Unsubscribe GetTopicAttributes SetTopicAttributes"
    " ListSubscriptionsByTopic AddPermission RemovePermission DeleteTopic CreateTopic"
    " ConfirmSubscription ListTopics TagResource SetSubscriptionAttributes"
    " GetSubscriptionAttributes ListSubscriptions Receive PutDataProtectionPolicy",
    "kms": "Decrypt Encrypt GenerateDataKey GenerateDataKeyWithoutPlaintext GenerateDataKeyPair"
    " GenerateDataKeyPairWithoutPlaintext ReEncryptFrom ReEncryptTo DescribeKey"
    " CreateGrant ListGrants RevokeGrant RetireGrant PutKeyPolicy GetKeyPolicy"
    " ScheduleKeyDeletion CancelKeyDeletion DisableKey EnableKey EnableKeyRotation"
    " DisableKeyRotation GetKeyRotationStatus CreateKey CreateAlias UpdateAlias"
    " DeleteAlias ListAliases ListKeys TagResource UntagResource UpdateKeyDescription Sign"
    " Verify GetPublicKey ReplicateKey ImportKeyMaterial",
    "lambda": "InvokeFunction InvokeFunctionUrl InvokeAsync GetFunction CreateFunction"
    " UpdateFunctionCode UpdateFunctionConfiguration AddPermission RemovePermission"
    " CreateFunctionUrlConfig UpdateFunctionUrlConfig CreateEventSourceMapping"
    " UpdateEventSourceMapping DeleteEventSourceMapping DeleteFunction"
    " GetFunctionConfiguration GetPolicy GetLayerVersion ListFunctions PublishVersion"
    " PutFunctionConcurrency PutFunctionEventInvokeConfig CreateAlias UpdateAlias"
    " TagResource ListTags",
    "logs": "CreateLogGroup CreateLogStream PutLogEvents DescribeLogGroups DescribeLogStreams"
    " GetLogEvents FilterLogEvents StartQuery GetQueryResults DeleteLogGroup"
    " DeleteLogStream PutRetentionPolicy DeleteRetentionPolicy AssociateKmsKey"
    " DisassociateKmsKey PutResourcePolicy PutSubscriptionFilter CreateExportTask"
    " TagResource",
    "dynamodb": "GetItem PutItem UpdateItem DeleteItem Query Scan BatchGetItem BatchWriteItem"
    " ConditionCheckItem DescribeTable DeleteTable UpdateTable CreateTable GetRecords"
    " GetShardIterator DescribeStream ListStreams PartiQLSelect PartiQLInsert"
    " PartiQLUpdate PartiQLDelete ExportTableToPointInTime PutResourcePolicy"
    " DescribeTimeToLive UpdateTimeToLive",
    "sts": "AssumeRole AssumeRoleWithWebIdentity AssumeRoleWithSAML TagSession SetSourceIdentity"
    " GetCallerIdentity GetSessionToken GetFederationToken DecodeAuthorizationMessage",
    "iam": "PassRole PutRolePolicy AttachRolePolicy DetachRolePolicy DeleteRolePolicy CreateRole"
    " DeleteRole UpdateAssumeRolePolicy PutRolePermissionsBoundary"
    " DeleteRolePermissionsBoundary CreatePolicy CreatePolicyVersion"
    " SetDefaultPolicyVersion PutUserPolicy AttachUserPolicy PutGroupPolicy"
    " AttachGroupPolicy AddUserToGroup CreateUser CreateAccessKey CreateLoginProfile"
    " UpdateLoginProfile GetRole GetRolePolicy ListRoles ListRolePolicies"
    " CreateServiceLinkedRole",
    "events": "PutEvents PutRule PutTargets RemoveTargets DeleteRule DescribeRule PutPermission"
    " EnableRule DisableRule",
    "secretsmanager": "GetSecretValue PutSecretValue DescribeSecret CreateSecret UpdateSecret DeleteSecret"
    " PutResourcePolicy DeleteResourcePolicy GetResourcePolicy BatchGetSecretValue"
    " RotateSecret ListSecrets",
    "ssm": "GetParameter GetParameters GetParametersByPath PutParameter DeleteParameter"
    " DescribeParameters SendCommand",
    "ec2": "CreateNetworkInterface DescribeNetworkInterfaces DeleteNetworkInterface"
    " AssignPrivateIpAddresses UnassignPrivateIpAddresses DescribeSubnets"
    " DescribeSecurityGroups DescribeVpcs RunInstances DescribeInstances CreateVpcEndpoint"
    " ModifyVpcEndpoint",
    "elasticfilesystem": "ClientMount ClientWrite ClientRootAccess DescribeMountTargets DescribeFileSystems"
    " PutFileSystemPolicy",
    "ecr": "BatchGetImage GetDownloadUrlForLayer BatchCheckLayerAvailability"
    " GetAuthorizationToken PutImage SetRepositoryPolicy InitiateLayerUpload"
    " UploadLayerPart CompleteLayerUpload",
    "states": "StartExecution StartSyncExecution SendTaskSuccess SendTaskFailure DescribeExecution"
    " StopExecution UpdateStateMachine",
    "scheduler": "CreateSchedule UpdateSchedule DeleteSchedule GetSchedule",
    "cloudwatch": "PutMetricData GetMetricData PutMetricAlarm",
    "xray": "PutTraceSegments PutTelemetryRecords GetSamplingRules GetSamplingTargets",
    "textract": "DetectDocumentText AnalyzeDocument StartDocumentTextDetection"
    " GetDocumentTextDetection",
    "translate": "TranslateText TranslateDocument",
    "comprehend": "DetectEntities DetectDominantLanguage DetectSentiment DetectPiiEntities"
    " DetectKeyPhrases",
    "rekognition": "DetectLabels DetectFaces DetectText DetectModerationLabels",
    "polly": "SynthesizeSpeech StartSpeechSynthesisTask",
    "transcribe": "StartTranscriptionJob GetTranscriptionJob",
    "bedrock": "InvokeModel InvokeModelWithResponseStream Retrieve RetrieveAndGenerate"
    " ListFoundationModels",
    "sagemaker": "InvokeEndpoint",
    "es": "ESHttpGet ESHttpPost ESHttpPut ESHttpDelete",
    "aoss": "APIAccessAll",
    "kinesis": "PutRecord PutRecords GetRecords GetShardIterator DescribeStream",
    "firehose": "PutRecord PutRecordBatch",
    "cloudformation": "CreateStack UpdateStack DeleteStack CreateChangeSet ExecuteChangeSet",
    "ecs": "RunTask UpdateService RegisterTaskDefinition",
    "tag": "TagResources GetResources",
}  # fmt: skip

KNOWN: Final = {
    f"{service}:{name}".lower(): f"{service}:{name}"
    for service, names in _NAMES.items()
    for name in names.split()
}
"""Every known action by its name in lower case."""

_BY_SERVICE: Final = {
    service: tuple(f"{service}:{name}".lower() for name in names.split()) for service, names in _NAMES.items()
}


@lru_cache(maxsize=1024)
def known(prefix: str, *, on_bucket: bool = False) -> tuple[str, ...]:
    """Return the known actions in lower case that begin so, the telling ones first.

    Parameters
    ----------
    prefix
        In lower case.
    on_bucket
        Whether what is meant is a bucket, not an object in it.

    Examples
    --------
    >>> known("sqs:send")
    ('sqs:sendmessage',)
    """
    service, colon, _ = prefix.partition(":")
    pool = _BY_SERVICE.get(service, ()) if colon else tuple(KNOWN)
    found = (name for name in pool if name.startswith(prefix))
    return tuple(sorted(found, key=lambda name: name in _OF_OBJECTS) if on_bucket else found)


def shown(action: str) -> str:
    """Return an action in the letter case that AWS's pages use, where it is known."""
    return KNOWN.get(action, action)


def is_known(action: str) -> bool:
    """Return whether an action is one of today's that are known here."""
    return action.lower() in KNOWN


# Service Authorization Reference, "Resource types defined by ...": the actions of these services act on ARNs
# of these services alone (and on none at all, ``*``).
_ACTS_ON: Final = {
    **{
        service: frozenset({service})
        for service in (
            "s3",
            "sqs",
            "sns",
            "kms",
            "lambda",
            "logs",
            "dynamodb",
            "iam",
            "events",
            "secretsmanager",
        )
    },
    "sts": frozenset({"iam", "sts"}),
}
# "Actions defined by Amazon S3": those whose one resource type is an object, and those whose one is a bucket.
_OBJECT_ACTIONS: Final = (
    "GetObject PutObject DeleteObject GetObjectVersion GetObjectAcl PutObjectAcl"
    " GetObjectTagging PutObjectTagging DeleteObjectTagging DeleteObjectVersion AbortMultipartUpload"
    " ListMultipartUploadParts PutObjectRetention PutObjectLegalHold GetObjectRetention"
    " GetObjectLegalHold RestoreObject GetObjectAttributes"
)
_OF_OBJECTS: Final = frozenset(f"s3:{name}".lower() for name in _OBJECT_ACTIONS.split())
_BUCKET_ACTIONS: Final = (
    "ListBucket ListBucketVersions ListBucketMultipartUploads GetBucketLocation"
    " GetBucketPolicy PutBucketPolicy DeleteBucketPolicy GetBucketAcl PutBucketAcl"
    " GetBucketNotification PutBucketNotification GetBucketVersioning PutBucketVersioning"
)
_OF_BUCKETS: Final = frozenset(f"s3:{name}".lower() for name in _BUCKET_ACTIONS.split())
_SERVICE, _FIELDS = 2, 6


def can_act_on(action: str, resource: str, *, is_literal: bool) -> bool:
    """Return whether requests exist for actions that begin so on resources that begin so.

    A statement that lists actions and resources of several services covers pairs that no request can be.

    Parameters
    ----------
    action
        Lower case; its service is told where it holds a colon.
    resource
        What the resources begin with.
    is_literal
        Whether the texts are whole, not beginnings.

    Examples
    --------
    >>> can_act_on("sns:publish", "arn:aws:sqs:eu-west-1:1:q", is_literal=True)
    False
    >>> can_act_on("s3:getobject", "arn:aws:s3:::b", is_literal=True)
    False
    """
    service, colon, _ = action.partition(":")
    allowed = _ACTS_ON.get(service) if colon else None
    fields = resource.split(":", _FIELDS - 1)
    if allowed is None or len(fields) <= _SERVICE + 1:
        return True
    if fields[_SERVICE] not in allowed:
        return False
    if service != "s3" or len(fields) < _FIELDS or fields[4]:
        return True
    if "/" in fields[5]:
        return action not in _OF_BUCKETS
    return not (is_literal and action in _OF_OBJECTS)
