"""The cases of `test_iam_matrix`: a call, the policies, what AWS answers, and where AWS says so.

In resources `{bucket}`, `{queue}`, `{topic}`, `{role}`, `{account}` stand for the run's ARNs and names.
Pages are of the IAM User Guide unless a service is named (SAR: Service Authorization Reference).
"""

from __future__ import annotations

from typing import Any, NamedTuple

Statement = dict[str, Any]


class Case(NamedTuple):
    """One row: `call` is a name in `test_iam_matrix.CALLS`, `on` its key, prefix or argument."""

    name: str
    call: str
    on: str
    identity: tuple[Statement, ...]
    resource: tuple[Statement, ...]
    allowed: bool
    source: str
    version: str = "2012-10-17"
    boundary: tuple[Statement, ...] | None = None
    session: tuple[Statement, ...] | None = None


def allow(action: str | list[str], resource: str | list[str], **condition: Any) -> Statement:
    """Return an Allow; keyword arguments are condition operators."""
    return _statement("Allow", action, resource, condition)


def deny(action: str | list[str], resource: str | list[str], **condition: Any) -> Statement:
    """Return a Deny; keyword arguments are condition operators."""
    return _statement("Deny", action, resource, condition)


def _statement(effect: str, action: str | list[str], resource: str | list[str], condition: Any) -> Statement:
    statement: Statement = {"Sid": f"{effect}It", "Effect": effect, "Action": action, "Resource": resource}
    if condition:
        statement["Condition"] = {name.replace("__", ":"): value for name, value in condition.items()}
    return statement


def by(principal: Any, statement: Statement) -> Statement:
    """Return a resource policy's statement for a principal."""
    return {**statement, "Principal": principal}


GET, PUT, LIST = "s3:GetObject", "s3:PutObject", "s3:ListBucket"
ALL = "{bucket}/*"
NO_TLS = {"Bool": {"aws:SecureTransport": "false"}}
ROLE = {"AWS": "{role}"}
EVAL, RESOURCE, VARIABLES = "Policy evaluation logic", "Elements: Resource", "Policy variables"
OPERATORS, KEYS, MANY = "Condition operators", "Global condition context keys", "Multivalued context keys"
PRINCIPAL, ACTION, BOUNDARY, SESSION = (
    "Elements: Principal",
    "Elements: Action",
    "Boundaries",
    "Session policies",
)
SAR_S3, SAR_SQS, SAR_SNS = "SAR: Amazon S3", "SAR: Amazon SQS", "SAR: Amazon SNS"
API_S3 = "S3 API reference: Permissions"
NONE: tuple[Statement, ...] = ()
YES, NO = True, False  # the row's last word: is it allowed

CASES = (
    # --- Allow, implicit deny, explicit deny
    Case("nothing allows", "get", "k", NONE, NONE, NO, EVAL),
    Case("identity allows", "get", "k", (allow(GET, ALL),), NONE, YES, EVAL),
    Case("another action", "get", "k", (allow(PUT, ALL),), NONE, NO, EVAL),
    Case("deny beats allow", "get", "k", (allow("s3:*", "*"), deny(GET, ALL)), NONE, NO, EVAL),
    Case("deny of another key", "get", "k", (allow(GET, ALL), deny(GET, "{bucket}/other")), NONE, YES, EVAL),
    Case("bucket policy denies", "get", "k", (allow(GET, ALL),), (by("*", deny(GET, ALL)),), NO, EVAL),
    Case("bucket policy allows the role", "get", "k", NONE, (by(ROLE, allow(GET, ALL)),), YES, EVAL),
    Case("bucket policy allows the account only", "get", "k", NONE,
         (by({"AWS": "arn:aws:iam::{account}:root"}, allow(GET, ALL)),), NO, PRINCIPAL),
    Case("bucket policy allows a service only", "get", "k", NONE,
         (by({"Service": "s3.amazonaws.com"}, allow(GET, ALL)),), NO, PRINCIPAL),
    Case("bucket policy denies without TLS", "get", "k", (allow(GET, ALL),),
         (by("*", deny("s3:*", ["{bucket}", ALL], **NO_TLS)),), YES, KEYS),
    Case("bucket policy denies with TLS", "get", "k", (allow(GET, ALL),),
         (by("*", deny(GET, ALL, Bool={"aws:SecureTransport": "true"})),), NO, KEYS),
    Case("boundary lacks it", "put", "k", (allow("s3:*", "*"),), NONE, NO, BOUNDARY, boundary=(allow(GET,
         "*"),)),
    Case("boundary has it", "get", "k", (allow("s3:*", "*"),), NONE, YES, BOUNDARY, boundary=(allow(GET,
         "*"),)),
    Case("boundary grants nothing", "get", "k", NONE, NONE, NO, BOUNDARY, boundary=(allow("*", "*"),)),
    Case("session policy lacks it", "put", "k", (allow("s3:*", "*"),), NONE, NO, SESSION,
         session=(allow(GET, "*"),)),
    Case("session policy has it", "get", "k", (allow("s3:*", "*"),), NONE, YES, SESSION, session=(allow(GET,
         "*"),)),
    # --- Actions
    Case("action in another case", "get", "k", (allow("S3:getOBJECT", ALL),), NONE, YES, ACTION),
    Case("action wildcard", "get", "k", (allow("s3:Get*", ALL),), NONE, YES, ACTION),
    Case("action wildcard of one character", "get", "k", (allow("s3:GetObjec?", ALL),), NONE, YES, ACTION),
    Case("NotAction leaves it", "get", "k",
         ({"Effect": "Allow", "NotAction": "s3:PutObject", "Resource": "*"},), NONE, YES,
         "Elements: NotAction"),
    Case("NotAction excepts it", "put", "k",
         ({"Effect": "Allow", "NotAction": "s3:Put*", "Resource": "*"},), NONE, NO, "Elements: NotAction"),
    Case("NotResource excepts it", "get", "k",
         ({"Effect": "Allow", "Action": GET, "NotResource": ALL},), NONE, NO, "Elements: NotResource"),
    # --- Resources
    Case("prefix with its slash", "get", "pdf-1/k", (allow(GET, "{bucket}/pdf-1/*"),), NONE, YES, RESOURCE),
    Case("neighbour of the prefix", "get", "pdf-10/k", (allow(GET, "{bucket}/pdf-1/*"),), NONE, NO, RESOURCE),
    Case("prefix without its slash covers the neighbour", "get", "pdf-10/k", (allow(GET,
         "{bucket}/pdf-1*"),), NONE,
         YES, RESOURCE),
    Case("keys are case-sensitive", "get", "K", (allow(GET, "{bucket}/k"),), NONE, NO, RESOURCE),
    Case("bucket's ARN is no object's", "get", "k", (allow(GET, "{bucket}"),), NONE, NO, SAR_S3),
    Case("object's ARN is no bucket's", "list", "", (allow(LIST, ALL),), NONE, NO, SAR_S3),
    Case("wildcard spans a slash", "get", "a/b/c", (allow(GET, "{bucket}/a*c"),), NONE, YES, RESOURCE),
    Case("wildcard spans a line break", "get", "a\nb", (allow(GET, "{bucket}/a*b"),), NONE, YES, RESOURCE),
    Case("exact key, line break after it", "get", "k\n", (allow(GET, "{bucket}/k"),), NONE, NO, RESOURCE),
    Case("one character", "get", "ab", (allow(GET, "{bucket}/a?"),), NONE, YES, RESOURCE),
    Case("one character is not two", "get", "abc", (allow(GET, "{bucket}/a?"),), NONE, NO, RESOURCE),
    Case("regular expressions are none", "get", "axb", (allow(GET, "{bucket}/a.b"),), NONE, NO, RESOURCE),
    Case("doubled slash belongs to the key", "get", "a//b", (allow(GET, "{bucket}/a/b"),), NONE, NO,
         RESOURCE),
    Case("doubled slash, named", "get", "a//b", (allow(GET, "{bucket}/a//b"),), NONE, YES, RESOURCE),
    Case("last slash belongs to the key", "put", "dir/", (allow(PUT, "{bucket}/dir"),), NONE, NO, RESOURCE),
    Case("key of a slash is an object", "put", "/", (allow("s3:CreateBucket", "*"),), NONE, NO, RESOURCE),
    Case("unusual characters", "get", "a b+c%2Fé'\".txt", (allow(GET, "{bucket}/a b+c%2Fé'\".txt"),), NONE,
         YES,
         RESOURCE),
    # --- Variables and literals
    Case("literal asterisk", "get", "a*b", (allow(GET, "{bucket}/a${*}b"),), NONE, YES, VARIABLES),
    Case("literal asterisk is no wildcard", "get", "axb", (allow(GET, "{bucket}/a${*}b"),), NONE, NO,
         VARIABLES),
    Case("literal question mark", "get", "a?b", (allow(GET, "{bucket}/a${?}b"),), NONE, YES, VARIABLES),
    Case("literal question mark is no wildcard", "get", "axb", (allow(GET, "{bucket}/a${?}b"),), NONE, NO,
         VARIABLES),
    Case("literal dollar", "get", "a${x}", (allow(GET, "{bucket}/a${$}{x}"),), NONE, YES, VARIABLES),
    Case("old version: the braces are text", "get", "a*b", (allow(GET, "{bucket}/a${*}b"),), NONE, NO,
         VARIABLES,
         version="2008-10-17"),
    Case("variable", "get", "of/111122223333/k", (allow(GET, "{bucket}/of/${aws:PrincipalAccount}/*"),),
         NONE, YES,
         VARIABLES),
    Case("variable, another's", "get", "of/999999999999/k", (allow(GET,
         "{bucket}/of/${aws:PrincipalAccount}/*"),),
         NONE, NO, VARIABLES),
    Case("variable without a value", "get", "of//k", (allow(GET, "{bucket}/of/${aws:username}/*"),), NONE, NO,
         VARIABLES),
    Case("variable's default", "get", "of/nobody/k", (allow(GET, "{bucket}/of/${aws:username, 'nobody'}/*"),),
         NONE, YES, VARIABLES),
    Case("unresolved variable disarms a deny", "get", "k",
         (allow(GET, ALL), deny(GET, "{bucket}/${aws:username}*")), NONE, YES, VARIABLES),
    Case("variable in a condition", "get", "k",
         (allow(GET, ALL, StringEquals={"aws:ResourceAccount": "${aws:PrincipalAccount}"}),), NONE, YES,
         VARIABLES),
    Case("variable without a value in a condition", "get", "k",
         (allow(GET, ALL, StringEquals={"aws:PrincipalAccount": "${aws:username}"}),), NONE, NO, VARIABLES),
    Case("a negated condition holds on a variable without a value", "get", "k",
         (allow(GET, ALL, StringNotEquals={"aws:PrincipalAccount": "${aws:username}"}),), NONE, YES,
         VARIABLES),
    Case("and so its deny holds", "get", "k",
         (allow(GET, ALL), deny(GET, ALL, StringNotLike={"aws:PrincipalAccount": "${aws:username}*"})),
         NONE, NO, VARIABLES),
    Case("beside one with a value", "get", "k",
         (allow(GET, ALL, StringEquals={"aws:PrincipalAccount": ["${aws:username}", "{account}"]}),), NONE,
         YES, VARIABLES),
    # --- Condition operators
    Case("StringEquals has no wildcard", "get", "k",
         (allow(GET, ALL, StringEquals={"aws:PrincipalAccount": "1111*"}),), NONE, NO, OPERATORS),
    Case("StringLike has", "get", "k",
         (allow(GET, ALL, StringLike={"aws:PrincipalAccount": "1111*"}),), NONE, YES, OPERATORS),
    Case("StringLike with a literal", "get", "k",
         (allow(GET, ALL, StringLike={"aws:PrincipalAccount": "1111${*}"}),), NONE, NO, OPERATORS),
    Case("principal is the role, not its session", "get", "k",
         (allow(GET, ALL, ArnEquals={"aws:PrincipalArn": "{role}"}),), NONE, YES, KEYS),
    Case("absent key, positive operator", "get", "k",
         (allow(GET, ALL, StringEquals={"aws:SourceVpce": "vpce-1"}),), NONE, NO, OPERATORS),
    Case("absent key, negated operator", "get", "k",
         (allow(GET, ALL, StringNotEquals={"aws:SourceVpce": "vpce-1"}),), NONE, YES, OPERATORS),
    Case("absent key, IfExists", "get", "k",
         (allow(GET, ALL, StringEqualsIfExists={"aws:SourceVpce": "vpce-1"}),), NONE, YES, OPERATORS),
    Case("Null: absent", "get", "k", (allow(GET, ALL, Null={"aws:SourceVpce": "true"}),), NONE, YES,
         OPERATORS),
    Case("Null: present", "get", "k", (allow(GET, ALL, Null={"aws:PrincipalArn": "true"}),), NONE, NO,
         OPERATORS),
    Case("values are alternatives", "get", "k",
         (allow(GET, ALL, StringEquals={"aws:PrincipalAccount": ["1", "{account}"]}),), NONE, YES, OPERATORS),
    Case("negated values: none may be it", "get", "k",
         (allow(GET, ALL, StringNotEquals={"aws:PrincipalAccount": ["1", "{account}"]}),), NONE, NO,
         OPERATORS),
    Case("operators are joined by and", "get", "k",
         (allow(GET, ALL, StringEquals={"aws:PrincipalAccount": "{account}"},
         Null={"aws:PrincipalArn": "true"}),),
         NONE, NO, OPERATORS),
    Case("ForAllValues of none", "get", "k",
         (allow(GET, ALL, ForAllValues__StringEquals={"aws:TagKeys": ["a"]}),), NONE, YES, MANY),
    Case("ForAnyValue of none", "get", "k",
         (allow(GET, ALL, ForAnyValue__StringEquals={"aws:TagKeys": ["a"]}),), NONE, NO, MANY),
    Case("address", "get", "k", (allow(GET, ALL, IpAddress={"aws:SourceIp": "127.0.0.0/8"}),), NONE, YES,
         OPERATORS),
    Case("another address", "get", "k", (allow(GET, ALL, IpAddress={"aws:SourceIp": "10.0.0.0/8"}),), NONE,
         NO,
         OPERATORS),
    Case("date", "get", "k", (allow(GET, ALL, DateLessThan={"aws:CurrentTime": "2020-01-01T00:00:00Z"}),),
         NONE, NO,
         OPERATORS),
    Case("number", "list", "", (allow(LIST, "{bucket}", NumericLessThanEquals={"s3:max-keys": "10"}),),
         NONE, YES,
         SAR_S3),
    Case("listed prefix", "list", "pdf-1/", (allow(LIST, "{bucket}", StringLike={"s3:prefix": "pdf-1/*"}),),
         NONE,
         YES, SAR_S3),
    Case("another listed prefix", "list", "pdf-10/", (allow(LIST, "{bucket}",
         StringLike={"s3:prefix": "pdf-1/*"}),),
         NONE, NO, SAR_S3),
    # --- What S3's calls need
    Case("head is a read", "head", "k", (allow(GET, ALL),), NONE, YES, API_S3),
    Case("head needs the read", "head", "k", (allow(LIST, "{bucket}"),), NONE, NO, API_S3),
    Case("missing key, may not list", "get-missing", "none", (allow(GET, ALL),), NONE, NO, API_S3),
    Case("missing key, may list", "get-missing", "none", (allow(GET, ALL), allow(LIST, "{bucket}")), NONE,
         YES, API_S3),
    Case("put", "put", "k2", (allow(PUT, ALL),), NONE, YES, API_S3),
    Case("put with tags needs more", "put-tagged", "k2", (allow(PUT, ALL),), NONE, NO, API_S3),
    Case("put with tags", "put-tagged", "k2", (allow([PUT, "s3:PutObjectTagging"], ALL),), NONE, YES, API_S3),
    Case("put with an ACL needs more", "put-acl", "k2", (allow(PUT, ALL),), NONE, NO, API_S3),
    Case("copy", "copy", "k", (allow(GET, "{bucket}/k"), allow(PUT, "{bucket}/copied")), NONE, YES, API_S3),
    Case("copy needs to read", "copy", "k", (allow(PUT, "{bucket}/copied"),), NONE, NO, API_S3),
    Case("copy needs to write", "copy", "k", (allow(GET, "{bucket}/k"),), NONE, NO, API_S3),
    Case("copy of an unusual key", "copy", "a b+c%2Fé'\".txt",
         (allow(GET, "{bucket}/a b+c%2Fé'\".txt"), allow(PUT, "{bucket}/copied")), NONE, YES, API_S3),
    Case("copy of tags needs more", "copy", "tagged", (allow([GET, PUT], ALL),), NONE, NO, API_S3),
    Case("copy of tags", "copy", "tagged",
         (allow([GET, PUT, "s3:GetObjectTagging", "s3:PutObjectTagging"], ALL),), NONE, YES, API_S3),
    Case("copy that replaces the tags", "copy-replace", "tagged", (allow([GET, PUT], ALL),), NONE, YES,
         API_S3),
    Case("multipart upload is a put", "multipart", "big", (allow(PUT, ALL),), NONE, YES, API_S3),
    Case("multipart upload needs the put", "multipart", "big", (allow("s3:AbortMultipartUpload", ALL),),
         NONE, NO,
         API_S3),
    Case("abort has its own action", "abort", "big", (allow(PUT, ALL),), NONE, NO, API_S3),
    Case("abort", "abort", "big", (allow([PUT, "s3:AbortMultipartUpload"], ALL),), NONE, YES, API_S3),
    Case("delete", "delete", "k3", (allow("s3:DeleteObject", ALL),), NONE, YES, API_S3),
    Case("delete needs it", "delete", "k3", (allow([GET, PUT], ALL),), NONE, NO, API_S3),
    Case("delete of several: each is asked", "delete-two", "k3", (allow("s3:DeleteObject", "{bucket}/k3"),),
         NONE,
         NO, API_S3),
    Case("delete of several", "delete-two", "k3", (allow("s3:DeleteObject", ALL),), NONE, YES, API_S3),
    Case("call of no known action", "options", "k", (allow([GET, PUT, LIST], "*"),), NONE, NO, EVAL),
    # --- SQS
    Case("send", "send", "", (allow("sqs:SendMessage", "{queue}"),), NONE, YES, SAR_SQS),
    Case("send needs it", "send", "", (allow("sqs:ReceiveMessage", "{queue}"),), NONE, NO, SAR_SQS),
    Case("send to another queue", "send", "", (allow("sqs:SendMessage", "{queue}x"),), NONE, NO, SAR_SQS),
    Case("batch send asks for the single call", "send-batch", "", (allow("sqs:SendMessage", "{queue}"),),
         NONE, YES,
         SAR_SQS),
    Case("batch send has no action of its own", "send-batch", "", (allow("sqs:SendMessageBatch",
         "{queue}"),), NONE,
         NO, SAR_SQS),
    Case("receive", "receive", "", (allow("sqs:ReceiveMessage", "{queue}"),), NONE, YES, SAR_SQS),
    Case("batch delete asks for the single call", "delete-batch", "", (allow("sqs:DeleteMessage",
         "{queue}"),), NONE,
         YES, SAR_SQS),
    Case("batch delete needs it", "delete-batch", "", (allow("sqs:SendMessage", "{queue}"),), NONE, NO,
         SAR_SQS),
    Case("batch visibility asks for the single call", "visibility-batch", "",
         (allow("sqs:ChangeMessageVisibility", "{queue}"),), NONE, YES, SAR_SQS),
    Case("queue policy denies", "send", "", (allow("sqs:*", "*"),), (by("*", deny("sqs:SendMessage",
         "{queue}")),),
         NO, EVAL),
    Case("queue policy denies without TLS", "send", "", (allow("sqs:*", "*"),),
         (by("*", deny("sqs:*", "{queue}", **NO_TLS)),), YES, KEYS),
    Case("queue policy allows the role", "send", "", NONE, (by(ROLE, allow("sqs:SendMessage", "{queue}")),),
         YES, EVAL),
    Case("queue policy, any resource", "send", "", NONE, (by(ROLE, allow("sqs:SendMessage", "*")),), YES,
         EVAL),
    Case("delete of a queue", "delete-queue", "", (allow("sqs:SendMessage", "{queue}"),), NONE, NO, SAR_SQS),
    # --- SNS
    Case("publish", "publish", "", (allow("sns:Publish", "{topic}"),), NONE, YES, SAR_SNS),
    Case("publish needs it", "publish", "", NONE, NONE, NO, SAR_SNS),
    Case("publish to another topic", "publish", "", (allow("sns:Publish", "{topic}0"),), NONE, NO, SAR_SNS),
    Case("batch publish asks for the single call", "publish-batch", "", (allow("sns:Publish", "{topic}"),),
         NONE, YES,
         SAR_SNS),
    Case("batch publish has no action of its own", "publish-batch", "", (allow("sns:PublishBatch",
         "{topic}"),), NONE,
         NO, SAR_SNS),
    Case("topic policy denies without TLS", "publish", "", (allow("sns:Publish", "{topic}"),),
         (by("*", deny("sns:Publish", "{topic}", **NO_TLS)),), YES, KEYS),
    Case("topic policy denies", "publish", "", (allow("sns:Publish", "{topic}"),),
         (by("*", deny("sns:Publish", "{topic}")),), NO, EVAL),
    Case("subscribe", "subscribe", "", (allow("sns:Publish", "{topic}"),), NONE, NO, SAR_SNS),
)  # fmt: skip
