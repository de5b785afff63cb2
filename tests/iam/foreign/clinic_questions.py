"""Questions about the clinic, a CDK app, answered by reading its template."""

from __future__ import annotations

from tests.iam.foreign.asking import ADMINISTRATOR, DENIED, NO, OPEN, STRANGER, YES, Row

INSURER = "account 222233334444"
ELSEWHERE = f"account {STRANGER}"
PLAIN = {"aws:SecureTransport": "false"}
TEST, LIVE = {"Stage": "test"}, {"Stage": "live"}
SNS, S3, EVENTS, STATES = (f"service {name}.amazonaws.com" for name in ("sns", "s3", "events", "states"))
CARDIO, NIGHTLY, SCRIBE, ARCHIVIST = (
    f"{name}ServiceRole" for name in ("CardioReader", "Nightly", "Scribe", "Archivist")
)
REPORTER, DOOR, ONLY_LIVE, LISTENER, JOB = (
    f"{name}ServiceRole" for name in ("Reporter", "Door", "OnlyLive", "Listener", "ContractorJob")
)
HANDLER = "BucketNotificationsHandler050a0587b7544547bf325f094a3db834Role"
CLEANER = "CustomS3AutoDeleteObjectsCustomResourceProviderRole"
PUBLISHER = "CustomCDKBucketDeployment8693BB64968944B69AAFB0CC9EB8756CServiceRole"
CALLS = "AWS679f53fac002430cb0da5b7982bd2287ServiceRole"
GET, PUT, LIST, DELETE = "s3:GetObject", "s3:PutObject", "s3:ListBucket", "s3:DeleteObject"
SEND, RECEIVE, PUBLISH, INVOKE = (
    "sqs:SendMessage",
    "sqs:ReceiveMessage",
    "sns:Publish",
    "lambda:InvokeFunction",
)
DECRYPT, DATA_KEY, SECRET = "kms:Decrypt", "kms:GenerateDataKey", "secretsmanager:GetSecretValue"
ASSUME, PUT_LOGS = "sts:AssumeRole", "logs:PutLogEvents"
LOG = "arn:aws:logs:${AWS::Region}:${AWS::AccountId}:log-group"
BUS = "arn:aws:events:${AWS::Region}:${AWS::AccountId}:event-bus/ClinicBus2C8D442D"
ASSETS = "arn:aws:s3:::cdk-hnb659fds-assets-${AWS::AccountId}-${AWS::Region}"

WARDS = (
    Row(CARDIO, GET, "${CardioArrivals.Arn}/in/x", YES, "grant_read of in/*"),
    Row(CARDIO, GET, "${CardioArrivals.Arn}/out/x", NO, "the grant ends at in/"),
    Row(CARDIO, "s3:GetObjectAcl", "${CardioArrivals.Arn}/in/x", YES, "GetObject* is more than GetObject"),
    Row(CARDIO, LIST, "${CardioArrivals.Arn}", YES, "List* on the bucket, whatever the prefix"),
    Row(CARDIO, "s3:GetBucketPolicy", "${CardioArrivals.Arn}", YES, "GetBucket*"),
    Row(CARDIO, PUT, "${CardioArrivals.Arn}/in/x", NO, "a read grant"),
    Row(CARDIO, GET, "${EyeArrivals.Arn}/in/x", NO, "another ward's bucket"),
    Row(CARDIO, GET, "${CardioArrivals.Arn}/in/x", DENIED, "enforce_ssl", PLAIN),
    Row(CARDIO, RECEIVE, "${CardioWork.Arn}", YES, "SqsEventSource"),
    Row(CARDIO, SEND, "${CardioWork.Arn}", NO, "it only consumes"),
    Row(CARDIO, RECEIVE, "${CardioLate.Arn}", NO, "not its dead letters"),
    Row(CARDIO, RECEIVE, "${EyeWork.Arn}", NO, "another ward's queue"),
    Row(CARDIO, "dynamodb:PutItem", "${CardioVisits.Arn}", YES, "grant_read_write_data"),
    Row(CARDIO, "dynamodb:DeleteTable", "${CardioVisits.Arn}", NO, "data only"),
    Row(CARDIO, "dynamodb:Query", "${CardioVisits.Arn}/index/byDay", NO, "the table has no index"),
    Row(CARDIO, PUT, "arn:aws:s3:::elsewhere/cardio/x", OPEN, "which bucket is imported, nothing tells"),
    Row(CARDIO, PUT, "arn:aws:s3:::elsewhere/dental/x", NO, "whichever it is, only below cardio/"),
    Row(CARDIO, DECRYPT, "${RecordsKey.Arn}", OPEN, "which key is imported, nothing tells"),
    Row(CARDIO, PUBLISH, "${CardioNews}", OPEN, "which topic is imported, nothing tells"),
    Row(CARDIO, PUT_LOGS, LOG + ":any:log-stream:x", YES, "AWSLambdaBasicExecutionRole, by Fn::Join"),
    Row(CARDIO, "s3:ListAllMyBuckets", "*", NO, "nothing on every bucket"),
    Row("HeartReaderServiceRole", "kinesis:PutRecord", "${Beats.Arn}", YES, "grant_write"),
    Row("LungReaderServiceRole", "kinesis:PutRecord", "${Beats.Arn}", NO, "only the heart's beats"),
    Row(LISTENER, "kinesis:GetRecords", "${Beats.Arn}", YES, "KinesisEventSource"),
    Row(LISTENER, "kinesis:PutRecord", "${Beats.Arn}", NO, "it only reads"),
    Row(SNS, SEND, "${CardioWork.Arn}", YES, "its topic", {"aws:SourceArn": "${CardioNews}"}),
    Row(SNS, SEND, "${CardioWork.Arn}", NO, "another's topic", {"aws:SourceArn": "${EyeNews}"}),
    Row(SNS, SEND, "${CardioWork.Arn}", NO, "a topic must be named"),
    Row(SNS, SEND, "${CardioLate.Arn}", YES, "lost deliveries", {"aws:SourceArn": "${CardioNews}"}),
    Row(S3, PUBLISH, "${CardioNews}", YES, "its bucket", {"aws:SourceArn": "${CardioArrivals.Arn}"}),
    Row(S3, PUBLISH, "${CardioNews}", NO, "another's bucket", {"aws:SourceArn": "${EyeArrivals.Arn}"}),
    Row(EVENTS, PUBLISH, "${HeartNews}", YES, "SnsTopic as a target: no source is asked for"),
    Row(EVENTS, PUBLISH, "${EyeNews}", NO, "no rule has it as a target"),
    Row(EVENTS, SEND, "${HeartWork.Arn}", YES, "its rule", {"aws:SourceArn": "${Alarm.Arn}"}),
    Row(EVENTS, SEND, "${HeartWork.Arn}", NO, "another rule", {"aws:SourceArn": "${EveryNight.Arn}"}),
    Row(HANDLER, "s3:PutBucketNotification", "${LungArrivals.Arn}", YES, "one policy for each bucket"),
    Row(HANDLER, "s3:PutBucketNotification", "${Sealed.Arn}", NO, "that bucket notifies nobody"),
    Row(HANDLER, GET, "${LungArrivals.Arn}/in/x", NO, "it only configures"),
)

NETWORK = (
    Row(NIGHTLY, GET, "${Sealed.Arn}/x", DENIED, "not through the endpoint: an absent key is not equal"),
    Row(NIGHTLY, GET, "${Sealed.Arn}/x", YES, "the bucket's side", {"aws:SourceVpce": "${NetS3Gate}"}),
    Row(NIGHTLY, GET, "${Sealed.Arn}/x", DENIED, "another endpoint", {"aws:SourceVpce": "vpce-0a"}),
    Row(NIGHTLY, GET, "${Sealed.Arn}/x", OPEN, "lets through only what is imported", via="NetS3Gate"),
    Row(NIGHTLY, DELETE, "${Sealed.Arn}/x", NO, "the endpoint lets nobody delete", via="NetS3Gate"),
    Row(NIGHTLY, LIST, "${Sealed.Arn}", YES, "the deny is about objects"),
    Row(ARCHIVIST, RECEIVE, "${SealedWork.Arn}", YES, "the account's own", via="NetQueueGate"),
    Row(NIGHTLY, "ec2:CreateNetworkInterface", "*", YES, "AWSLambdaVPCAccessExecutionRole"),
    Row(CARDIO, "ec2:CreateNetworkInterface", "*", NO, "outside the network"),
    Row(NIGHTLY, "elasticfilesystem:ClientMount", "${Files.Arn}", YES, "grant_root_access",
        {"elasticfilesystem:AccessedViaMountTarget": "true"}),
    Row(NIGHTLY, "elasticfilesystem:ClientMount", "${Files.Arn}", NO, "not by a mount target"),
    Row("anonymous", "elasticfilesystem:ClientWrite", "${Files.Arn}", YES, "CDK's own statement for everyone",
        {"elasticfilesystem:AccessedViaMountTarget": "true"}),
    Row("anonymous", "elasticfilesystem:ClientMount", "${Files.Arn}", NO, "which does not let mount",
        {"elasticfilesystem:AccessedViaMountTarget": "true"}),
)  # fmt: skip

RECORDS = (
    Row(SCRIBE, PUT, "${Records.Arn}/written/x", YES, "grant_write of written/*"),
    Row(SCRIBE, DELETE, "${Records.Arn}/written/x", YES, "a write grant deletes"),
    Row(SCRIBE, PUT, "${Records.Arn}/x", NO, "not below written/"),
    Row(SCRIBE, GET, "${Records.Arn}/written/x", NO, "a write grant"),
    Row(SCRIBE, DATA_KEY, "${RecordsKey.Arn}", YES, "the key trusts the account, the role is granted"),
    Row(SCRIBE, "kms:ScheduleKeyDeletion", "${RecordsKey.Arn}", NO, "use only"),
    Row(SCRIBE, "kms:Sign", "${SigningKey.Arn}", YES, "granted by name"),
    Row(SCRIBE, "kms:Sign", "${RecordsKey.Arn}", NO, "another key"),
    Row(NIGHTLY, DECRYPT, "${RecordsKey.Arn}", NO, "that the key trusts the account grants nothing"),
    Row(ARCHIVIST, GET, "${Records.Arn}/written/x", YES, "grant_read"),
    Row(ARCHIVIST, DECRYPT, "${RecordsKey.Arn}", YES, "reading needs it"),
    Row(ARCHIVIST, DATA_KEY, "${RecordsKey.Arn}", NO, "reading does not need it"),
    Row(ARCHIVIST, PUT, "${Records.Arn}/written/x", NO, "a read grant"),
    Row(ARCHIVIST, RECEIVE, "${SealedWork.Arn}", DENIED, "enforce_ssl of a queue", PLAIN),
    Row(INSURER, "kms:Encrypt", "${RecordsKey.Arn}", YES, "grant_encrypt of another account"),
    Row(INSURER, DECRYPT, "${RecordsKey.Arn}", NO, "it may not read"),
    Row(ELSEWHERE, "kms:Encrypt", "${RecordsKey.Arn}", NO, "a third account"),
    Row(SNS, DATA_KEY, "${RecordsKey.Arn}", YES, "for the encrypted queue behind a topic"),
    Row(S3, DATA_KEY, "${RecordsKey.Arn}", NO, "no bucket sends there"),
    Row(SNS, SEND, "${SealedWork.Arn}", YES, "its topic", {"aws:SourceArn": "${SealedNews}"}),
    Row(SCRIBE, PUBLISH, "${SealedNews}", YES, "grant_publish"),
    Row(SCRIBE, PUBLISH, "${SealedNews}", DENIED, "enforce_ssl of a topic", PLAIN),
    Row(CLEANER, "s3:DeleteObjectVersion", "${Records.Arn}/x", YES, "named by the bucket's policy alone"),
    Row(CLEANER, DELETE, "${Pages.Arn}/x", YES, "the other bucket that empties itself"),
    Row(CLEANER, "s3:PutBucketPolicy", "${Pages.Arn}", YES, "CDK lets it stop writers"),
    Row(CLEANER, DELETE, "${Uploads.Arn}/x", NO, "that bucket keeps its objects"),
    Row(CLEANER, GET, "${Pages.Arn}/x", NO, "it need not read"),
    Row(ARCHIVIST, SECRET, "${Password}", YES, "grant_read of a secret"),
    Row(ARCHIVIST, SECRET, "${Token}", DENIED, "that secret is for one role only"),
    Row(ADMINISTRATOR, SECRET, "${Token}", DENIED, "not for administrators either"),
    Row(SCRIBE, SECRET, "${Token}", YES, "the one role"),
    Row(SCRIBE, SECRET, "${Password}", NO, "not granted"),
)

REPORTS = (
    Row(SNS, INVOKE, "${Reporter.Arn}", YES, "its topic", {"aws:SourceArn": "${EyeNews}"}),
    Row(SNS, INVOKE, "${Reporter.Arn}", NO, "another's topic", {"aws:SourceArn": "${EarNews}"}),
    Row(S3, INVOKE, "${Reporter.Arn}", YES, "its bucket, in this account",
        {"aws:SourceArn": "${Uploads.Arn}", "aws:SourceAccount": "${AWS::AccountId}"}),
    Row(S3, INVOKE, "${Reporter.Arn}", NO, "a bucket of the same name in another account",
        {"aws:SourceArn": "${Uploads.Arn}", "aws:SourceAccount": STRANGER}),
    Row(S3, INVOKE, "${Reporter.Arn}", NO, "an account must be named", {"aws:SourceArn": "${Uploads.Arn}"}),
    Row(EVENTS, INVOKE, "${Nightly.Arn}", YES, "its rule", {"aws:SourceArn": "${EveryNight.Arn}"}),
    Row(EVENTS, INVOKE, "${Nightly.Arn}", NO, "another rule", {"aws:SourceArn": "${Alarm.Arn}"}),
    Row(INSURER, "lambda:InvokeFunctionUrl", "${Reporter.Arn}", YES, "the URL of a signed kind",
        {"lambda:FunctionUrlAuthType": "AWS_IAM"}),
    Row(INSURER, "lambda:InvokeFunctionUrl", "${Reporter.Arn}", NO, "only signed",
        {"lambda:FunctionUrlAuthType": "NONE"}),
    Row(INSURER, INVOKE, "${Reporter.Arn}", YES, "by its URL", {"lambda:InvokedViaFunctionUrl": "true"}),
    Row(INSURER, INVOKE, "${Reporter.Arn}", NO, "not but by its URL"),
    Row("anonymous", "lambda:InvokeFunctionUrl", "${Door.Arn}", YES, "a URL for everyone",
        {"lambda:FunctionUrlAuthType": "NONE"}),
    Row("anonymous", "lambda:InvokeFunctionUrl", "${Reporter.Arn}", NO, "that URL is for one account",
        {"lambda:FunctionUrlAuthType": "AWS_IAM"}),
    Row("anonymous", INVOKE, "${Door.Arn}", NO, "not but by its URL"),
    Row(DOOR, INVOKE, "${Reporter.Arn}:live", YES, "the alias is granted"),
    Row(DOOR, INVOKE, "${Reporter.Arn}", NO, "the function itself is not"),
    Row(DOOR, DELETE, "${Uploads.Arn}/tmp/a", YES, "grant_delete of tmp/*"),
    Row(DOOR, DELETE, "${Uploads.Arn}/kept/a", NO, "not below tmp/"),
    Row(DOOR, "states:StartExecution", "${Rounds}", YES, "grant_start_execution"),
    Row(DOOR, "events:PutEvents", BUS, YES,
        "the bus has this name"),
    Row(REPORTER, "dynamodb:Query", "${Index.Arn}/index/byDay", YES, "grant_read_data, with the index"),
    Row(REPORTER, "dynamodb:PutItem", "${Index.Arn}", NO, "reads only"),
    Row(REPORTER, "dynamodb:ListStreams", "*", YES, "DynamoEventSource"),
    Row(REPORTER, GET, "arn:aws:s3:::clinic-abroad/x", YES, "a bucket of another stack, by name"),
    Row(REPORTER, GET, "arn:aws:s3:::clinic-abroad2/x", NO, "the name ends there"),
    Row(REPORTER, "iam:PassRole", "${Chief.Arn}", YES, "grant_pass_role goes from the role to who passes it"),
    Row("Chief", "iam:PassRole", "${ReporterServiceRole.Arn}", NO, "and not the other way"),
    Row("anonymous", GET, "${Uploads.Arn}/public/a", YES, "grant_public_access"),
    Row("anonymous", GET, "${Uploads.Arn}/tmp/a", NO, "public/ only"),
    Row("anonymous", PUT, "${Uploads.Arn}/public/a", NO, "to read only"),
    Row(INSURER, GET, "${Uploads.Arn}/public/a", YES, "everyone is other accounts, too"),
    Row(INSURER, GET, "${CardioArrivals.Arn}/in/x", NO, "no bucket policy allows"),
    Row("RoundsRole", "dynamodb:PutItem", "${HeartVisits.Arn}", YES, "its ARN is joined of the table's name"),
    Row("RoundsRole", "dynamodb:PutItem", "${LungVisits.Arn}", NO, "another table"),
    Row("RoundsRole", INVOKE, "${Reporter.Arn}:live", YES, "every version"),
    Row("RoundsRole", SEND, "${HeartWork.Arn}", YES, "a task sends"),
    Row(STATES, ASSUME, "${RoundsRole.Arn}", YES, "a state machine of this account",
        {"aws:SourceAccount": "${AWS::AccountId}",
         "aws:SourceArn": "arn:aws:states:${AWS::Region}:${AWS::AccountId}:stateMachine:any"}),
    Row(STATES, ASSUME, "${RoundsRole.Arn}", NO, "one of another account",
        {"aws:SourceAccount": STRANGER,
         "aws:SourceArn": f"arn:aws:states:eu-west-1:{STRANGER}:stateMachine:any"}),
    Row(EVENTS, ASSUME, "${RoundsRole.Arn}", NO, "another service"),
    Row(EVENTS, ASSUME, "${RoundsEventsRole.Arn}", YES, "the rule's own role"),
    Row("RoundsEventsRole", "states:StartExecution", "${Rounds}", YES, "what the rule does"),
)  # fmt: skip

PEOPLE = (
    Row("Auditor", GET, "${LungArrivals.Arn}/in/x", OPEN, "NotResource omits it, ViewOnlyAccess is unknown"),
    Row(INSURER, ASSUME, "${Auditor.Arn}", YES, "with the external id", {"sts:ExternalId": "audit-7"}),
    Row(INSURER, ASSUME, "${Auditor.Arn}", NO, "without it"),
    Row(ELSEWHERE, ASSUME, "${Auditor.Arn}", NO, "a third account", {"sts:ExternalId": "audit-7"}),
    Row("Auditor", ASSUME, "${Chief.Arn}", NO, "its trust names others"),
    Row("Ada", GET, "${LungArrivals.Arn}/x", YES, "her group's policy"),
    Row("Ada", PUT, "${LungArrivals.Arn}/x", NO, "to read only"),
    Row("Ada", GET, "${EyeArrivals.Arn}/x", NO, "another ward"),
    Row("Ada", GET, "${LungArrivals.Arn}/x", DENIED, "enforce_ssl", PLAIN),
    Row("OnCall", RECEIVE, "${LungWork.Arn}", YES, "a managed policy that names its role"),
    Row("OnCall", RECEIVE, "${EarWork.Arn}", NO, "another ward's queue"),
    Row("OnCall", "sqs:PurgeQueue", "${LungWork.Arn}", YES, "an absent key is not false"),
    Row("OnCall", "sqs:PurgeQueue", "${LungWork.Arn}", DENIED, "without a second factor",
        {"aws:MultiFactorAuthPresent": "false"}),
    Row("OnCall", ASSUME, "${Chief.Arn}", YES, "named by its trust"),
    Row(CARDIO, ASSUME, "${Chief.Arn}", NO, "not named"),
    Row("service lambda.amazonaws.com", ASSUME, "${Chief.Arn}", YES, "half of a composite principal"),
    Row(CARDIO, ASSUME, "${OnCall.Arn}", NO, "the account is trusted, its own policies are silent"),
    Row(ADMINISTRATOR, ASSUME, "${OnCall.Arn}", YES, "the account is trusted"),
    Row("Chief", "dynamodb:DeleteTable", "${LungVisits.Arn}", YES, "grant_full_access"),
    Row("Chief", "dynamodb:DeleteTable", "${EyeVisits.Arn}", NO, "of one table"),
    Row("Chief", "ecr:PutImage", "${Images.Arn}", YES, "grant_pull_push"),
    Row(INSURER, "ecr:BatchGetImage", "${Images.Arn}", YES, "the repository's policy, without a Resource"),
    Row(INSURER, "ecr:PutImage", "${Images.Arn}", NO, "to pull only"),
    Row("ContractorRole", GET, "${DentalArrivals.Arn}/in/x", YES, "within the boundary"),
    Row("ContractorRole", GET, "${DentalArrivals.Arn}/in/vip/x", DENIED, "the boundary denies"),
    Row("ContractorRole", PUT, "${DentalArrivals.Arn}/in/x", NO, "the boundary is silent"),
    Row("ContractorRole", LIST, "${DentalArrivals.Arn}", NO, "the boundary is silent"),
    Row(JOB, SEND, "${DentalWork.Arn}", NO, "the aspect reaches the function's role"),
    Row(JOB, GET, "${DentalArrivals.Arn}/in/x", YES, "within the boundary"),
    Row(JOB, PUT_LOGS, LOG + ":any:log-stream:x", YES, "within the boundary"),
)  # fmt: skip

REST = (
    Row(PUBLISHER, GET, ASSETS + "/x", YES, "CDK's own bucket of assets, by Fn::Sub in Fn::Join"),
    Row(PUBLISHER, PUT, ASSETS + "/x", NO, "which it reads only"),
    Row(PUBLISHER, PUT, "${Pages.Arn}/index.html", YES, "BucketDeployment"),
    Row(CALLS, "logs:PutResourcePolicy", "*", YES, "CDK's AwsCustomResource"),
    Row(ONLY_LIVE, GET, "${Stash.Arn}/live/x", f"{YES} {NO}", "as the condition turns out"),
    Row(ONLY_LIVE, GET, "${Stash.Arn}/live/x", YES, "live", given=LIVE),
    Row(ONLY_LIVE, GET, "${Stash.Arn}/live/x", NO, "in test the policy is not made", given=TEST),
    Row(ONLY_LIVE, GET, "${Stash.Arn}/both/live.txt", YES, "Fn::If in a resource, live", given=LIVE),
    Row(ONLY_LIVE, GET, "${Stash.Arn}/both/live.txt", NO, "Fn::If in a resource, test", given=TEST),
    Row("service route53.amazonaws.com", PUT_LOGS, LOG + ":/dns/x:log-stream:y", YES,
        "a policy document as text, for log groups that are not in the template"),
    Row("service route53.amazonaws.com", PUT_LOGS, LOG + ":/other:log-stream:y", NO, "below /dns/ only"),
    Row("service route53.amazonaws.com", PUT_LOGS, "${CardioLog.Arn}:log-stream:y", NO, "below /dns/ only"),
)  # fmt: skip

ROWS = (*WARDS, *NETWORK, *RECORDS, *REPORTS, *PEOPLE, *REST)
