"""Questions about the laboratory, a CDK app with nested stacks, answered by reading its templates."""

from __future__ import annotations

from tests.iam.foreign.asking import ADMINISTRATOR, DENIED, NO, STRANGER, YES, Row

HOSPITAL = "account 222233334444"
SNS, EVENTS = "service sns.amazonaws.com", "service events.amazonaws.com"
SCALE, CHEMIST = "ScaleServiceRole", "ChemistServiceRole"
GET, PUT, LIST = "s3:GetObject", "s3:PutObject", "s3:ListBucket"
SEND, RECEIVE, PUBLISH = "sqs:SendMessage", "sqs:ReceiveMessage", "sns:Publish"
DECRYPT, DATA_KEY, INVOKE, ASSUME = (
    "kms:Decrypt",
    "kms:GenerateDataKey",
    "lambda:InvokeFunction",
    "sts:AssumeRole",
)
PLAIN = {"aws:SecureTransport": "false"}

ROWS = (
    Row(SCALE, GET, "${Samples.Arn}/fresh/x", YES, "grant_read within the child"),
    Row(SCALE, PUT, "${Samples.Arn}/fresh/x", NO, "to read only"),
    Row(SCALE, GET, "${Samples.Arn}/fresh/x", DENIED, "enforce_ssl in the child", PLAIN),
    Row(SCALE, DECRYPT, "${Key.Arn}", YES, "the parent's key, handed down as a parameter"),
    Row(SCALE, DATA_KEY, "${Key.Arn}", NO, "reading does not need it"),
    Row(SCALE, PUBLISH, "${Weighed}", YES, "the child's own topic"),
    Row(SCALE, PUBLISH, "${Alarms}", YES, "the parent's deny spares it, by the child's output"),
    Row(SCALE, GET, "${Results.Arn}/done/x", NO, "another child's child"),
    Row(SCALE, "logs:CreateLogGroup", "arn:aws:logs:${AWS::Region}:${AWS::AccountId}:log-group:/x", YES,
        "AWSLambdaBasicExecutionRole"),
    Row(CHEMIST, GET, "${Samples.Arn}/fresh/x", YES, "the other child's bucket: output, then parameter"),
    Row(CHEMIST, GET, "${Samples.Arn}/old/x", NO, "not below fresh/"),
    Row(CHEMIST, LIST, "${Samples.Arn}", YES, "List* on the bucket"),
    Row(CHEMIST, DECRYPT, "${Key.Arn}", YES, "reading needs the parent's key"),
    Row(CHEMIST, PUT, "${Results.Arn}/done/x", YES, "the child's child's bucket, by its output"),
    Row(CHEMIST, PUT, "arn:aws:s3:::lab-results-222233334444/done/x", YES, "which has a name"),
    Row(CHEMIST, PUT, "${Results.Arn}/draft/x", NO, "not below done/"),
    Row(CHEMIST, GET, "${Results.Arn}/done/x", NO, "a put grant"),
    Row(CHEMIST, RECEIVE, "${Bench.Arn}", YES, "SqsEventSource"),
    Row(CHEMIST, SEND, "${Bench.Arn}", NO, "it only consumes"),
    Row(CHEMIST, PUBLISH, "${Alarms}", YES, "spared by the parent's deny, too"),
    Row(CHEMIST, PUBLISH, "${Weighed}", NO, "not granted"),
    Row("Courier", PUT, "${Samples.Arn}/fresh/x", YES, "the parent's role on the child's bucket"),
    Row("Courier", PUT, "${Samples.Arn}/old/x", NO, "not below fresh/"),
    Row("Courier", GET, "${Samples.Arn}/fresh/x", NO, "a put grant"),
    Row("Courier", DATA_KEY, "${Key.Arn}", YES, "writing needs the key"),
    Row("Courier", PUBLISH, "${Alarms}", DENIED, "only the two functions"),
    Row("Reviewer", GET, "${Results.Arn}/x", YES, "the child's child's bucket, by two outputs"),
    Row("Reviewer", PUT, "${Results.Arn}/x", NO, "to read only"),
    Row("Reviewer", GET, "${Samples.Arn}/fresh/x", NO, "not granted"),
    Row("Reviewer", DECRYPT, "${Key.Arn}", NO, "results are not encrypted with it"),
    Row("Reviewer", SEND, "${Bench.Arn}", YES, "the child's queue"),
    Row("Reviewer", INVOKE, "${Chemist.Arn}", YES, "the child's function"),
    Row("Reviewer", INVOKE, "${Chemist.Arn}:2", YES, "and its versions"),
    Row("Reviewer", INVOKE, "${Scale.Arn}", NO, "the other child's function"),
    Row("Librarian", GET, "${Results.Arn}/x", YES, "within the child's child"),
    Row("Librarian", GET, "${Samples.Arn}/fresh/x", NO, "another child's"),
    Row(SNS, SEND, "${Bench.Arn}", YES, "the other child's topic", {"aws:SourceArn": "${Weighed}"}),
    Row(SNS, SEND, "${Bench.Arn}", NO, "another topic", {"aws:SourceArn": "${Alarms}"}),
    Row(ADMINISTRATOR, PUBLISH, "${Alarms}", DENIED, "not for administrators either"),
    Row(EVENTS, PUBLISH, "${Alarms}", DENIED, "a service has no principal ARN: not equal"),
    Row(ADMINISTRATOR, ASSUME, "${Librarian.Arn}", YES, "the account is trusted"),
    Row(ADMINISTRATOR, ASSUME, "${Courier.Arn}", NO, "only another account is"),
    Row(HOSPITAL, ASSUME, "${Courier.Arn}", YES, "that account"),
    Row(HOSPITAL, ASSUME, "${Reviewer.Arn}", NO, "and not this role"),
    Row(f"account {STRANGER}", ASSUME, "${Courier.Arn}", NO, "a third account"),
    Row(HOSPITAL, GET, "${Results.Arn}/x", NO, "its number in the bucket's name grants nothing"),
)  # fmt: skip
