"""Questions about the claims, a template written by hand in YAML, answered by reading it."""

from __future__ import annotations

from tests.iam.foreign.asking import ADMINISTRATOR, DENIED, NO, OPEN, STRANGER, YES, Row

DEV = {"Stage": "dev", "PartnerAccount": ""}
PROD = {"Stage": "prod", "PartnerAccount": ""}
SHARED = {"Stage": "prod", "PartnerAccount": "222233334444"}
PARTNER = "account 222233334444"
SNS, S3, EVENTS, ALARMS, AUDIT = (
    f"service {name}.amazonaws.com" for name in ("sns", "s3", "events", "cloudwatch", "delivery.logs")
)
EXTRACT, SCORE, SCANNER, OPERATOR = "ExtractRole", "ScoreRole", "ScannerUser", "FirstOperator"
GET, PUT, LIST = "s3:GetObject", "s3:PutObject", "s3:ListBucket"
SEND, RECEIVE, PUBLISH, SUBSCRIBE = "sqs:SendMessage", "sqs:ReceiveMessage", "sns:Publish", "sns:Subscribe"
INVOKE, ASSUME, SECRET = "lambda:InvokeFunction", "sts:AssumeRole", "secretsmanager:GetSecretValue"
DECRYPT, DATA_KEY, PUT_LOGS, TAGS = (
    "kms:Decrypt",
    "kms:GenerateDataKey",
    "logs:PutLogEvents",
    "s3:GetObjectTagging",
)
OUR_KEY = {"s3:x-amz-server-side-encryption-aws-kms-key-id": "${PaperKey.Arn}"}
BY_S3, BY_SQS = ({"kms:ViaService": name + ".${AWS::Region}.amazonaws.com"} for name in ("s3", "sqs"))
LOG = "arn:aws:logs:${AWS::Region}:${AWS::AccountId}:log-group"
OF_LOG = "kms:EncryptionContext:aws:logs:arn"
DEBUG = {"aws:PrincipalTag/debug": "yes"}
SUBJECT, WEB = "git.example.org:sub", "sts:AssumeRoleWithWebIdentity"
PROVIDER = "provider arn:aws:iam::${AWS::AccountId}:oidc-provider/git.example.org"
OF_STAGE = "arn:aws:s3:::claims-scans-dev-${AWS::AccountId}"
USER, SCORE_DEV = (
    "arn:aws:iam::${AWS::AccountId}:" + rest for rest in ("user", "role/claims/claims-score-dev")
)
LOGS = "service logs.${AWS::Region}.amazonaws.com"
TABLE = ":${AWS::AccountId}:table/claims-scores-dev"

SCANS = (
    Row(EXTRACT, GET, "${Scans.Arn}/a/b.tif", YES, "the bucket's name joined here, substituted there"),
    Row(EXTRACT, "s3:GetObjectVersion", "${Scans.Arn}/a/b.tif", YES, "GetObject*"),
    Row(EXTRACT, GET, "${Scans.Arn}/a/b.pdf", NO, "another suffix"),
    Row(EXTRACT, GET, OF_STAGE + "/b.tif", YES, "this stage's", given=DEV),
    Row(EXTRACT, GET, OF_STAGE + "/b.tif", NO, "another's", given=PROD),
    Row(EXTRACT, GET, "${Scans.Arn}/a/b.tif", DENIED, "TlsOnly", {"aws:SecureTransport": "false"}),
    Row(EXTRACT, PUT, "${Scans.Arn}/b.tif", DENIED, "IfExists of a negated operator holds without the key"),
    Row(EXTRACT, PUT, "${Scans.Arn}/b.tif", NO, "nothing allows, either", OUR_KEY),
    Row(SCANNER, PUT, "${Scans.Arn}/inbox/x", YES, "named by the bucket; NotAction spares it", OUR_KEY),
    Row(SCANNER, PUT, "${Scans.Arn}/inbox/x", DENIED, "without our key"),
    Row(SCANNER, PUT, "${Scans.Arn}/outbox/x", NO, "not below inbox/", OUR_KEY),
    Row(SCANNER, GET, "${Scans.Arn}/inbox/x", DENIED, "nothing but scans"),
    Row(SCANNER, ASSUME, "${Pipeline.Arn}", DENIED, "nothing but scans"),
    Row(S3, INVOKE, "${Extract.Arn}", YES, "the function by Ref, the bucket by its name",
        {"aws:SourceArn": "${Scans.Arn}", "aws:SourceAccount": "${AWS::AccountId}"}),
    Row(S3, INVOKE, "${Extract.Arn}", NO, "another bucket",
        {"aws:SourceArn": "${Pages.Arn}", "aws:SourceAccount": "${AWS::AccountId}"}),
    Row(S3, INVOKE, "${Score.Arn}", NO, "another function",
        {"aws:SourceArn": "${Scans.Arn}", "aws:SourceAccount": "${AWS::AccountId}"}),
)  # fmt: skip

PAGES = (
    Row(EXTRACT, PUT, "arn:aws:s3:::${Pages}/drafts/x", YES, "the stage's folder, by a mapping", given=DEV),
    Row(EXTRACT, PUT, "arn:aws:s3:::${Pages}/claims/x", NO, "another stage's folder", given=DEV),
    Row(EXTRACT, PUT, "${Pages.Arn}/claims/x", YES, "the stage's folder", given=PROD),
    Row(EXTRACT, PUT, "${Pages.Arn}/drafts/x", f"{YES} {NO}", "as the stage turns out"),
    Row(EXTRACT, GET, "${Pages.Arn}/drafts/x", DENIED, "NotPrincipal names the role, not its sessions"),
    Row(SCORE, GET, "${Pages.Arn}/drafts/x", DENIED, "NotPrincipal never spares who has a boundary"),
    Row(ADMINISTRATOR, GET, "${Pages.Arn}/drafts/x", DENIED, "NotPrincipal does not name it"),
    Row(ADMINISTRATOR, PUT, "${Pages.Arn}/drafts/x", YES, "only reading is denied"),
    Row("Backfill", GET, "${Pages.Arn}/x", DENIED, "allowed to it, denied by the bucket", given=DEV),
    Row("Backfill", LIST, "${Pages.Arn}", YES, "below the folder", {"s3:prefix": "drafts/a"}, DEV),
    Row("Backfill", LIST, "${Pages.Arn}", NO, "another folder", {"s3:prefix": "claims/a"}, DEV),
    Row("Backfill", LIST, "${Pages.Arn}", NO, "a prefix must be given", given=DEV),
    Row("Backfill", LIST, "${Pages.Arn}", NO, "the endpoint lets read only", {"s3:prefix": "drafts/a"}, DEV,
        "PaperGate"),
    Row(ADMINISTRATOR, PUT, "${Pages.Arn}/x", NO, "the endpoint lets read only", via="PaperGate"),
    Row(SCORE, LIST, "${Pages.Arn}", NO, "the boundary has s3:Get* only", {"s3:prefix": "drafts/a"}, DEV),
    Row(PARTNER, TAGS, "${Pages.Arn}/claims/x", YES, "a statement by Fn::If", given=SHARED),
    Row(PARTNER, TAGS, "${Pages.Arn}/drafts/x", NO, "another folder", given=SHARED),
    Row(PARTNER, TAGS, "${Pages.Arn}/claims/x", NO, "no partner, no statement", given=PROD),
    Row(EXTRACT, GET, "arn:aws:s3:::elsewhere/letters/x", OPEN, "which bucket is imported, nothing tells"),
    Row(EXTRACT, GET, "arn:aws:s3:::elsewhere/x", NO, "whichever it is, only below letters/"),
)  # fmt: skip

QUEUES = (
    Row(EXTRACT, SEND, "${PageQueue.Arn}", YES, "by the queue's name; the deny spares it"),
    Row(EXTRACT, SEND, "${PageLetters.Arn}", NO, "the grant is for the other queue"),
    Row(SCORE, SEND, "${PageQueue.Arn}", DENIED, "NobodyElseSends"),
    Row(ADMINISTRATOR, SEND, "${PageQueue.Arn}", DENIED, "NobodyElseSends"),
    Row(ADMINISTRATOR, SEND, "${PageLetters.Arn}", DENIED, "one policy for two queues"),
    Row("anonymous", SEND, "${PageQueue.Arn}", NO, "nothing allows; unsigned calls carry no such key"),
    Row(
        SNS,
        SEND,
        "${PageLetters.Arn}",
        YES,
        "its topic; the deny spares services",
        {"aws:SourceArn": "${Scores}"},
    ),
    Row(
        SNS, SEND, "${PageQueue.Arn}", NO, "the allow is for the other queue", {"aws:SourceArn": "${Scores}"}
    ),
    Row(SCORE, RECEIVE, "${PageQueue.Arn}", YES, "a policy that names its role"),
    Row(SCORE, RECEIVE, "${PageLetters.Arn}", NO, "not dead letters"),
    Row(OPERATOR, RECEIVE, "${PageLetters.Arn}", YES, "by a membership and the group's managed policy"),
    Row(OPERATOR, RECEIVE, "${PageQueue.Arn}", NO, "dead letters only"),
)

KEYS = (
    Row(EXTRACT, DATA_KEY, "${PaperKey.Arn}", YES, "named by the key, by way of SQS", BY_SQS),
    Row(EXTRACT, DATA_KEY, "${PaperKey.Arn}", NO, "not by way of a third service",
        {"kms:ViaService": "secretsmanager.${AWS::Region}.amazonaws.com"}),
    Row(EXTRACT, DECRYPT, "${PaperKey.Arn}", NO, "not directly"),
    Row(SCORE, DECRYPT, "${PaperKey.Arn}", YES, "named by the key, within the boundary", BY_S3),
    Row(SCORE, DATA_KEY, "${PaperKey.Arn}", NO, "the boundary has Decrypt only", BY_S3),
    Row(ADMINISTRATOR, DECRYPT, "${PaperKey.Arn}", NO, "the key leaves the account no use of it", BY_S3),
    Row(ADMINISTRATOR, "kms:PutKeyPolicy", "${PaperKey.Arn}", YES, "administration is the account's"),
    Row(ADMINISTRATOR, "kms:CancelKeyDeletion", "${PaperKey.Arn}", NO, "not among what is"),
    Row(LOGS, DECRYPT, "${PaperKey.Arn}", YES, "a log group of this template",
        {OF_LOG: LOG + ":/claims/extract-dev"}),
    Row(LOGS, DECRYPT, "${PaperKey.Arn}", NO, "another log group",
        {OF_LOG: LOG + ":/other"}),
)  # fmt: skip

SCORES = (
    Row(SCORE, PUBLISH, "${Scores}", YES, "its own statement"),
    Row(SCORE, PUT_LOGS, "${ScoreLog.Arn}:log-stream:x", YES, "GetAtt of a log group ends in :*"),
    Row(SCORE, PUT_LOGS, "${ExtractLog.Arn}:log-stream:x", NO, "another log group"),
    Row(SCORE, PUT_LOGS, "${ExtractLog.Arn}:log-stream:x", YES, "NotAction leaves logs in", DEBUG),
    Row(SCORE, SECRET, "${ModelToken}", NO, "the boundary lacks it"),
    Row(EXTRACT, SECRET, "${ModelToken}", YES, "by the secret's policy",
        {"secretsmanager:VersionStage": "AWSCURRENT"}),
    Row(EXTRACT, SECRET, "${ModelToken}", NO, "ForAnyValue needs a value"),
    Row(SCORE, "dynamodb:PutItem", "${ScoreTable.Arn}", YES, "AWS::IAM::RolePolicy, by the table's name"),
    Row(SCORE, "dynamodb:Scan", "${ScoreTable.Arn}", NO, "not granted"),
    Row(SCORE, "dynamodb:Scan", "${ScoreTable.Arn}", YES, "NotAction leaves it in", DEBUG),
    Row(SCORE, "sqs:PurgeQueue", "${PageQueue.Arn}", NO, "NotAction takes it out", DEBUG),
    Row(SCORE, "ec2:RunInstances", "*", NO, "the boundary lacks it", DEBUG),
    Row(SCORE, "dynamodb:DeleteTable", "${ScoreTable.Arn}", DENIED, "allowed, and denied by the boundary"),
    Row(SCORE, "dynamodb:GetItem", "arn:aws:dynamodb:eu-central-1" + TABLE, YES, "the twin", given=DEV),
    Row(SCORE, "dynamodb:GetItem", "arn:aws:dynamodb:eu-west-3" + TABLE, NO, "a third region", given=DEV),
    Row(ADMINISTRATOR, SUBSCRIBE, "${Scores}", YES, "its own policies suffice"),
    Row(OPERATOR, SUBSCRIBE, "${Scores}", NO, "naming the account grants nothing", given=DEV),
    Row(PARTNER, SUBSCRIBE, "${Scores}", YES, "the account named by Fn::If, bare", given=SHARED),
    Row(PARTNER, SUBSCRIBE, "${Scores}", NO, "no partner", given=DEV),
    Row(ALARMS, PUBLISH, "${Scores}", YES, "an alarm of ours",
        {"aws:SourceAccount": "${AWS::AccountId}",
         "aws:SourceArn": "arn:aws:cloudwatch:${AWS::Region}:${AWS::AccountId}:alarm:claims-late"}),
    Row(ALARMS, PUBLISH, "${Scores}", NO, "another alarm",
        {"aws:SourceAccount": "${AWS::AccountId}",
         "aws:SourceArn": "arn:aws:cloudwatch:${AWS::Region}:${AWS::AccountId}:alarm:late"}),
    Row(ALARMS, PUBLISH, "${Scores}", NO, "another account",
        {"aws:SourceAccount": STRANGER,
         "aws:SourceArn": f"arn:aws:cloudwatch:eu-west-1:{STRANGER}:alarm:claims-late"}),
    Row(PARTNER, ASSUME, "${Partner.Arn}", YES, "its second part", {"sts:ExternalId": "7f31"}, SHARED),
    Row(PARTNER, ASSUME, "${Partner.Arn}", NO, "the first part", {"sts:ExternalId": "acme"}, SHARED),
    Row("Partner", "dynamodb:GetItem", "${ScoreTable.Arn}", YES, "its inline policy", given=SHARED),
    Row("Partner", "dynamodb:Scan", "${ScoreTable.Arn}", NO, "one item at a time", given=SHARED),
)  # fmt: skip

PEOPLE = (
    Row(OPERATOR, "iam:CreateAccessKey", USER + "/ada", YES, "her own: ${!aws:username}"),
    Row(OPERATOR, "iam:CreateAccessKey", USER + "/bo", NO, "somebody else's"),
    Row(OPERATOR, "iam:DeleteUser", USER + "/ada", NO, "access keys only"),
    Row(OPERATOR, ASSUME, "${Backfill.Arn}", YES, "named", {"aws:MultiFactorAuthPresent": "true"}, DEV),
    Row(OPERATOR, ASSUME, "${Backfill.Arn}", NO, "without a second factor",
        {"aws:MultiFactorAuthPresent": "false"}, DEV),
    Row(OPERATOR, ASSUME, "${Backfill.Arn}", NO, "with long-lived keys: the key is absent", given=DEV),
    Row(PROVIDER, WEB, "${Pipeline.Arn}", YES, "a repository", {SUBJECT: "repo:claims/main"}),
    Row(PROVIDER, WEB, "${Pipeline.Arn}", NO, "another's", {SUBJECT: "repo:claimsx/main"}),
    Row("Pipeline", "lambda:UpdateFunctionCode", "${Extract.Arn}", YES, "by GetAtt"),
    Row("Pipeline", "lambda:UpdateFunctionCode", "${Score.Arn}", YES, "by its name"),
    Row("Pipeline", INVOKE, "${Score.Arn}", NO, "it deploys only"),
    Row("Pipeline", "iam:PassRole", SCORE_DEV, YES, "path and name",
        {"iam:PassedToService": "lambda.amazonaws.com"}, DEV),
    Row("Pipeline", "iam:PassRole", "${ScoreRole.Arn}", NO, "to another service",
        {"iam:PassedToService": "ec2.amazonaws.com"}),
    Row("Pipeline", "iam:PassRole", "${ExtractRole.Arn}", NO, "another role",
        {"iam:PassedToService": "lambda.amazonaws.com"}),
    Row(EVENTS, INVOKE, "${Extract.Arn}", f"{YES} {NO}", "in production", {"aws:SourceArn": "${Clock.Arn}"}),
    Row(EVENTS, INVOKE, "${Extract.Arn}", YES, "in production", {"aws:SourceArn": "${Clock.Arn}"}, PROD),
    Row(EVENTS, INVOKE, "${Extract.Arn}", NO, "only there", {"aws:SourceArn": "${Clock.Arn}"}, DEV),
    Row(AUDIT, PUT_LOGS, "${ScoreLog.Arn}:log-stream:x", YES, "a document written as text by Fn::Sub",
        {"aws:SourceAccount": "${AWS::AccountId}"}),
    Row(AUDIT, PUT_LOGS, "${ScoreLog.Arn}:log-stream:x", NO, "another's", {"aws:SourceAccount": STRANGER}),
    Row(AUDIT, PUT_LOGS, "${ExtractLog.Arn}:log-stream:x", NO, "another log group",
        {"aws:SourceAccount": "${AWS::AccountId}"}),
)  # fmt: skip

ROWS = (*SCANS, *PAGES, *QUEUES, *KEYS, *SCORES, *PEOPLE)
