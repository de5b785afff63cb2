"""Holes that people make, by hand: each with the claim that must find it, and what the finding must show."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.review.mutants.mutations import Template

OUTSIDER = {"AWS": "arn:aws:iam::222233334444:root"}
LAMBDA = {"Service": "lambda.amazonaws.com"}


class Kind(NamedTuple):
    """One hole.

    Parameters
    ----------
    name
        What was done.
    claim
        The claim that must fail.
    make
        Does it to a template.
    action, resource
        Of the witness, its resource in the template's words; for what is no request, empty.
    who
        The label of who asks begins with it; any where empty.
    says
        What the finding's sentence holds.
    base
        The good template to start from.
    verdict
        ``failed`` or ``undecided``.
    """

    name: str
    claim: str
    make: Callable[[Template], object]
    action: str = ""
    resource: str = ""
    who: str = ""
    says: str = ""
    base: str = "letters"
    verdict: str = "failed"


def properties(template: Template, logical_id: str) -> Template:
    found: Template = template["Resources"][logical_id]["Properties"]
    return found


def of_role(template: Template, role: str) -> list[Template]:
    found: list[Template] = properties(template, role)["Policies"][0]["PolicyDocument"]["Statement"]
    return found


def of_policy(template: Template, logical_id: str) -> list[Template]:
    found: list[Template] = properties(template, logical_id)["PolicyDocument"]["Statement"]
    return found


def trust(template: Template, role: str) -> list[Template]:
    found: list[Template] = properties(template, role)["AssumeRolePolicyDocument"]["Statement"]
    return found


def by_sid(statements: list[Template], sid: str) -> Template:
    return next(each for each in statements if each.get("Sid") == sid)


def without(statements: list[Template], sid: str) -> None:
    statements.remove(by_sid(statements, sid))


def arn(logical_id: str) -> Template:
    return {"Fn::GetAtt": [logical_id, "Arn"]}


def inside(logical_id: str, rest: str = "/*") -> Template:
    return {"Fn::Join": ["", [arn(logical_id), rest]]}


def allow(action: Any, resource: Any, **more: Any) -> Template:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def grant(role: str, action: Any, resource: Any, **more: Any) -> Callable[[Template], object]:
    return lambda template: of_role(template, role).append(allow(action, resource, **more))


def admit(
    policy: str, principal: Any, action: Any, resource: Any, **more: Any
) -> Callable[[Template], object]:
    return lambda template: of_policy(template, policy).append(
        allow(action, resource, Principal=principal, **more)
    )


def put(logical_id: str, *path: str | int, value: Any) -> Callable[[Template], object]:
    def make(template: Template) -> None:
        place: Any = properties(template, logical_id)
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = value

    return make


def drop(logical_id: str, *path: str | int) -> Callable[[Template], object]:
    def make(template: Template) -> None:
        place: Any = properties(template, logical_id)
        for step in path[:-1]:
            place = place[step]
        del place[path[-1]]

    return make


def remove(logical_id: str) -> Callable[[Template], object]:
    return lambda template: template["Resources"].pop(logical_id)


def add(logical_id: str, kind: str, **given: Any) -> Callable[[Template], object]:
    return lambda template: template["Resources"].update({logical_id: {"Type": kind, "Properties": given}})


def role_of(principal: Any, *statements: Template, **more: Any) -> Template:
    trusted = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    made: Template = {"AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trusted]}, **more}
    if statements:
        document = {"Version": "2012-10-17", "Statement": list(statements)}
        made["Policies"] = [{"PolicyName": "more", "PolicyDocument": document}]
    return made


def changed(role: str, sid: str, **elements: Any) -> Callable[[Template], object]:
    """Return what changes a role's statement; None drops an element."""

    def make(template: Template) -> None:
        statements = of_role(template, role) if role.endswith("Role") else of_policy(template, role)
        statement = by_sid(statements, sid)
        for key, value in elements.items():
            if value is None:
                del statement[key]
            else:
                statement[key] = value

    return make


def of_key(sid: str, **elements: Any) -> Callable[[Template], object]:
    def make(template: Template) -> None:
        statement = by_sid(properties(template, "PipelineKey")["KeyPolicy"]["Statement"], sid)
        for key, value in elements.items():
            if value is None:
                del statement[key]
            else:
                statement[key] = value

    return make


def lose(role: str, sid: str) -> Callable[[Template], object]:
    return lambda template: without(
        of_role(template, role) if role.endswith("Role") else of_policy(template, role), sid
    )


def _second_key(template: Template) -> None:
    """Put the inbox's bucket under a key of its own that is not the pipeline's."""
    template["Resources"]["OtherKey"] = template["Resources"]["PipelineKey"]
    rule = properties(template, "InboxStore")["BucketEncryption"]["ServerSideEncryptionConfiguration"][0]
    rule["ServerSideEncryptionByDefault"]["KMSMasterKeyID"] = arn("OtherKey")


def _anded(template: Template) -> None:
    """Write both denies of a bucket into one condition: then both must fail to be denied."""
    statements = of_policy(template, "InboxStorePolicy")
    without(statements, "DenyOldTls")
    by_sid(statements, "DenyPlainHttp")["Condition"] |= {"NumericLessThan": {"s3:TlsVersion": "1.2"}}


def _objects_only(template: Template) -> None:
    for sid in ("DenyPlainHttp", "DenyOldTls"):
        by_sid(of_policy(template, "InboxStorePolicy"), sid)["Resource"] = inside("InboxStore")


def _function_url(template: Template) -> None:
    add("Url", "AWS::Lambda::Url", AuthType="NONE", TargetFunctionArn=arn("ParagraphsFunction"))(template)
    add(
        "UrlForAll",
        "AWS::Lambda::Permission",
        Action="lambda:InvokeFunctionUrl",
        FunctionName={"Ref": "ParagraphsFunction"},
        FunctionUrlAuthType="NONE",
        Principal="*",
    )(template)


def _reader_user(template: Template) -> None:
    statement = allow("s3:GetObject", inside("InboxStore"))
    document = {"Version": "2012-10-17", "Statement": [statement]}
    add("Ada", "AWS::IAM::User", Policies=[{"PolicyName": "read", "PolicyDocument": document}])(template)


def _reader_group(template: Template) -> None:
    document = {"Version": "2012-10-17", "Statement": [allow("s3:GetObject", inside("InboxStore"))]}
    add("Readers", "AWS::IAM::Group")(template)
    add("Bo", "AWS::IAM::User", Groups=[{"Ref": "Readers"}])(template)
    add("Read", "AWS::IAM::ManagedPolicy", Groups=[{"Ref": "Readers"}], PolicyDocument=document)(template)


def _boundary(template: Template) -> None:
    document = {
        "Version": "2012-10-17",
        "Statement": [allow(["s3:GetObject", "sqs:*", "sns:*", "logs:*"], "*")],
    }
    add("Ceiling", "AWS::IAM::ManagedPolicy", PolicyDocument=document)(template)
    properties(template, "ParagraphsRole")["PermissionsBoundary"] = {"Ref": "Ceiling"}


def _deny_puts(template: Template) -> None:
    deny = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:PutObject",
        "Resource": inside("ParagraphsStore"),
    }
    of_policy(template, "ParagraphsStorePolicy").append(deny)


def _never(key: str) -> Template:
    """Return a condition that never fails: a negated operator holds without its key."""
    return {"StringNotEquals": {key: "vpce-0123456789abcdef0"}}


_READS, _WRITES = "s3:GetObject", "s3:PutObject"
_INBOX_NAME = "arn:aws:s3:::letters-inbox-"
PARAGRAPHS, SENTENCES, RESULTS, INBOX = "ParagraphsRole", "SentencesRole", "ResultsRole", "InboxRole"

READING = (
    Kind("an extra role with s3:Get* on *", "P1",
         add("Snoop", "AWS::IAM::Role", **role_of(LAMBDA, allow("s3:Get*", "*"))),
         "s3:Get*", "", "Snoop"),
    Kind("a wildcard in a bucket name", "P1", grant(SENTENCES, _READS, "arn:aws:s3:::letters-*"),
         _READS, "arn:aws:s3:::letters-", SENTENCES),
    Kind("NotResource in an allow", "P1",
         changed(SENTENCES, "ReadSources", Resource=None, NotResource=inside("ResultsStore")),
         _READS, "", SENTENCES),
    Kind("NotAction in an allow", "P1",
         changed(PARAGRAPHS, "ReadSources", Action=None, NotAction=["s3:DeleteObject"]),
         "s3:*", "${InboxStore}", PARAGRAPHS),
    Kind("Principal * behind a negated condition that never fails", "P1",
         admit("InboxStorePolicy", "*", _READS, inside("InboxStore"), Condition=_never("aws:SourceVpce")),
         _READS, "${InboxStore}"),
    Kind("Principal * behind a condition over all values, of which there are none", "P1",
         admit("InboxStorePolicy", "*", _READS, inside("InboxStore"),
               Condition={"ForAllValues:StringEquals": {"aws:TagKeys": "team"}}),
         _READS, "${InboxStore}"),
    Kind("another account may read", "P1", admit("InboxStorePolicy", OUTSIDER, _READS, inside("InboxStore")),
         _READS, "${InboxStore}"),
    Kind("a service may read without a source", "P9",
         admit("InboxStorePolicy", {"Service": "cloudfront.amazonaws.com"}, _READS, inside("InboxStore")),
         _READS, "${InboxStore}"),
    Kind("listing the producer's bucket", "P1", grant(PARAGRAPHS, "s3:ListBucket", arn("InboxStore")),
         "s3:ListBucket", "${InboxStore}", PARAGRAPHS),
    Kind("reading a producer's producer", "P1", grant(SENTENCES, _READS, inside("InboxStore")),
         _READS, "${InboxStore}", SENTENCES),
    Kind("reading beside the prefix", "P1", changed(PARAGRAPHS, "ReadSources", Resource=inside("InboxStore")),
         _READS, "${InboxStore}", PARAGRAPHS),
    Kind("the trailing slash of the trigger's prefix dropped", "P1",
         changed(PARAGRAPHS, "ReadSources", Resource=inside("InboxStore", "/letters*")),
         _READS, "${InboxStore}/letters", PARAGRAPHS),
    Kind("deleting what a producer made", "P1", grant(SENTENCES, "s3:DeleteObject",
         inside("ParagraphsStore")),
         "s3:DeleteObject", "${ParagraphsStore}", SENTENCES),
    Kind("putting into a producer's store", "P1", grant(SENTENCES, _WRITES, inside("ParagraphsStore")),
         _WRITES, "${ParagraphsStore}", SENTENCES),
    Kind("a user who may read", "P1", _reader_user, _READS, "${InboxStore}", "Ada"),
    Kind("a user who may read through a group", "P1", _reader_group, _READS, "${InboxStore}", "Bo"),
    Kind("AdministratorAccess", "P1",
         put(SENTENCES, "ManagedPolicyArns", value=["arn:aws:iam::aws:policy/AdministratorAccess"]),
         "", "", SENTENCES),
    Kind("a managed policy that nobody here knows", "P1",
         put(SENTENCES, "ManagedPolicyArns", value=["arn:aws:iam::222233334444:policy/theirs"]),
         verdict="undecided"),
    Kind("every function under one role", "P1", put("SentencesFunction", "Role", value=arn(PARAGRAPHS))),
)  # fmt: skip

WIDENING = (
    Kind("a trust that lets one node assume another", "P1",
         lambda template: trust(template, SENTENCES).append(
             {"Effect": "Allow", "Principal": {"AWS": arn(PARAGRAPHS)}, "Action": "sts:AssumeRole"}),
         "sts:AssumeRole", "${SentencesRole}", PARAGRAPHS),
    Kind("a trust of the whole account, and a role that may assume", "P1",
         lambda template: (
             trust(template, SENTENCES).append({"Effect": "Allow", "Action": "sts:AssumeRole", "Principal":
                 {"AWS": {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"}}}),
             grant(PARAGRAPHS, "sts:AssumeRole", "*")(template)),
         "sts:AssumeRole", "${SentencesRole}", PARAGRAPHS),
    Kind("a trust of another account", "P1",
         lambda template: trust(template, SENTENCES).append(
             {"Effect": "Allow", "Principal": OUTSIDER, "Action": "sts:AssumeRole"}),
         "sts:AssumeRole", "${SentencesRole}"),
    Kind("passing any role to a function that it makes", "P1",
         grant(PARAGRAPHS, ["iam:PassRole", "lambda:CreateFunction"], "*"), "", "", PARAGRAPHS),
    Kind("policies put on itself", "P1", grant(PARAGRAPHS, "iam:PutRolePolicy", arn(PARAGRAPHS)),
         "iam:PutRolePolicy", "${ParagraphsRole}", PARAGRAPHS),
    Kind("any policy attached to anybody", "P1", grant(PARAGRAPHS, "iam:Attach*", "*"), "iam:*", "",
         PARAGRAPHS),
    Kind("code of another function replaced", "P1",
         grant(PARAGRAPHS, "lambda:UpdateFunctionCode", arn("SentencesFunction")),
         "lambda:UpdateFunctionCode", "${SentencesFunction}", PARAGRAPHS),
    Kind("a function URL for everyone", "P1", _function_url, "lambda:InvokeFunctionUrl",
         "${ParagraphsFunction}"),
    Kind("an ACL put on what it makes", "P2", grant(PARAGRAPHS, "s3:PutObjectAcl", inside("ParagraphsStore")),
         "s3:PutObjectAcl", "${ParagraphsStore}", PARAGRAPHS),
    Kind("a policy put on its own bucket", "P2", grant(PARAGRAPHS, "s3:PutBucketPolicy",
         arn("ParagraphsStore")),
         "s3:PutBucketPolicy", "${ParagraphsStore}", PARAGRAPHS),
    Kind("a permission added to its own queue", "P4", grant(PARAGRAPHS, "sqs:AddPermission",
         arn("ParagraphsQueue")),
         "sqs:AddPermission", "${ParagraphsQueue}", PARAGRAPHS),
)  # fmt: skip

STORES = (
    Kind("reading what it made", "P2", grant(PARAGRAPHS, _READS, inside("ParagraphsStore")),
         _READS, "${ParagraphsStore}", PARAGRAPHS),
    Kind("deleting what it made", "P2", grant(PARAGRAPHS, "s3:DeleteObject", inside("ParagraphsStore")),
         "s3:DeleteObject", "${ParagraphsStore}", PARAGRAPHS),
    Kind("two nodes on one store", "P2",
         put("SentencesFunction", "Environment", "Variables", "LAKENB_STORE",
         value={"Ref": "ParagraphsStore"})),
    Kind("the trailing slash of the cache's prefix dropped", "P3",
         changed(PARAGRAPHS, "PutCache", Resource=inside("PipelineCache", "/paragraphs*")),
         _WRITES, "${PipelineCache}/paragraphs", PARAGRAPHS),
    Kind("putting anywhere into the cache", "P3",
         changed(PARAGRAPHS, "PutCache", Resource=inside("PipelineCache")),
         _WRITES, "${PipelineCache}", PARAGRAPHS),
    Kind("putting under another's prefix of the cache", "P3",
         grant(PARAGRAPHS, _WRITES, inside("PipelineCache", "/sentences/*")),
         _WRITES, "${PipelineCache}/sentences/", PARAGRAPHS),
    Kind("deleting from the cache", "P3", grant(RESULTS, "s3:DeleteObject", inside("PipelineCache")),
         "s3:DeleteObject", "${PipelineCache}", RESULTS),
    Kind("everyone may read the cache", "P3",
         admit("PipelineCachePolicy", "*", _READS, inside("PipelineCache")), _READS, "${PipelineCache}"),
    Kind("public access not blocked", "P1", drop("InboxStore", "PublicAccessBlockConfiguration"),
         says="public"),
    Kind("ACLs switched on", "P1", put("InboxStore", "OwnershipControls", "Rules", 0, "ObjectOwnership",
                                       value="ObjectWriter"), says="InboxStore"),
    Kind("a bucket that is a website", "P1",
         put("ParagraphsStore", "WebsiteConfiguration", value={"IndexDocument": "index.html"}),
         says="ParagraphsStore"),
)  # fmt: skip

MESSAGES = (
    Kind("receiving another's messages", "P4", grant(PARAGRAPHS, "sqs:ReceiveMessage", arn("SentencesQueue")),
         "sqs:ReceiveMessage", "${SentencesQueue}", PARAGRAPHS),
    Kind("emptying its own queue", "P4", grant(PARAGRAPHS, "sqs:PurgeQueue", arn("ParagraphsQueue")),
         "sqs:PurgeQueue", "${ParagraphsQueue}", PARAGRAPHS),
    Kind("sending to another's queue", "P4", grant(PARAGRAPHS, "sqs:SendMessage", arn("SentencesQueue")),
         "sqs:SendMessage", "${SentencesQueue}", PARAGRAPHS),
    Kind("publishing to another's topic", "P4", grant(SENTENCES, "sns:Publish", {"Ref": "ParagraphsTopic"}),
         "sns:Publish", "${ParagraphsTopic}", SENTENCES),
    Kind("everyone may subscribe to a topic", "P4",
         admit("ParagraphsTopicPolicy", "*", "sns:Subscribe", {"Ref": "ParagraphsTopic"}),
         "sns:Subscribe", "${ParagraphsTopic}"),
    Kind("everyone may send to a queue", "P4",
         admit("ParagraphsQueuePolicy", "*", "sqs:SendMessage", arn("ParagraphsQueue")),
         "sqs:SendMessage", "${ParagraphsQueue}"),
    Kind("reading another's log", "P4", grant(PARAGRAPHS, "logs:GetLogEvents", arn("SentencesLogs")),
         "logs:GetLogEvents", "${SentencesLogs}", PARAGRAPHS),
    Kind("writing another's log", "P4", grant(PARAGRAPHS, "logs:PutLogEvents", arn("SentencesLogs")),
         "logs:PutLogEvents", "${SentencesLogs}", PARAGRAPHS),
    Kind("a queue policy without source condition", "P9", changed("ParagraphsQueuePolicy", "AcceptSources",
                                                                Condition=None),
         "sqs:SendMessage", "${ParagraphsQueue}", "sns.amazonaws.com"),
    Kind("a queue policy for topics of any name", "P4",
         changed("ParagraphsQueuePolicy", "AcceptSources", Condition={"ArnLike": {"aws:SourceArn":
             {"Fn::Sub": "arn:${AWS::Partition}:sns:${AWS::Region}:${AWS::AccountId}:*"}}}),
         "sqs:SendMessage", "${ParagraphsQueue}", "sns.amazonaws.com"),
    Kind("a queue policy that accepts another node's topic", "P4",
         changed("SentencesQueuePolicy", "AcceptSources", Condition={"ArnEquals": {"aws:SourceArn":
             [{"Ref": "ParagraphsTopic"}, {"Ref": "InboxTopic"}]}}),
         "sqs:SendMessage", "${SentencesQueue}", "sns.amazonaws.com"),
    Kind("a bucket's queue without the account", "P9",
         changed("InboxQueuePolicy", "AcceptSources", Condition={"ArnEquals": {"aws:SourceArn":
             {"Fn::Sub": "arn:${AWS::Partition}:s3:::letters-inbox-${AWS::AccountId}-${AWS::Region}"}}}),
         "sqs:SendMessage", "${InboxQueue}", "s3.amazonaws.com"),
    Kind("a function that any rule may invoke", "P9",
         add("AnyRule", "AWS::Lambda::Permission", Action="lambda:InvokeFunction",
             FunctionName={"Ref": "ParagraphsFunction"}, Principal="events.amazonaws.com"),
         "lambda:InvokeFunction", "${ParagraphsFunction}", "events.amazonaws.com"),
)  # fmt: skip

TRANSIT = (
    Kind("a bucket's TLS deny lost", "P7", lose("InboxStorePolicy", "DenyPlainHttp"), "s3:*",
         "${InboxStore}"),
    Kind("a TLS deny of the wrong polarity", "P7",
         changed("InboxStorePolicy", "DenyPlainHttp", Condition={"Bool": {"aws:SecureTransport": "true"}}),
         "s3:*", "${InboxStore}"),
    Kind("a TLS deny about objects only", "P7", _objects_only, "s3:*", "${InboxStore}"),
    Kind("a TLS deny for one role only", "P7",
         changed("InboxStorePolicy", "DenyPlainHttp", Principal={"AWS": arn(PARAGRAPHS)}), "s3:*",
         "${InboxStore}"),
    Kind("both TLS denies in one condition", "P7", _anded, "s3:*", "${InboxStore}"),
    Kind("TLS 1.1 let through", "P7",
         changed("InboxStorePolicy", "DenyOldTls", Condition={"NumericLessThan": {"s3:TlsVersion": "1.1"}}),
         "s3:*", "${InboxStore}"),
    Kind("a queue's TLS deny lost", "P7", lose("ParagraphsQueuePolicy", "DenyPlainHttp"),
         "sqs:*", "${ParagraphsQueue}"),
    Kind("a dead-letter queue's TLS deny lost", "P7", lose("ParagraphsDeadLettersPolicy", "DenyPlainHttp"),
         "sqs:*", "${ParagraphsDeadLetters}"),
    Kind("a topic's TLS deny lost", "P7", lose("ParagraphsTopicPolicy", "DenyPlainHttp"),
         "sns:Publish", "${ParagraphsTopic}"),
    Kind("the cache's policy lost", "P7", remove("PipelineCachePolicy"), "s3:*", "${PipelineCache}"),
)  # fmt: skip

REST = (
    Kind("a queue without encryption", "P5", drop("ParagraphsQueue", "SqsManagedSseEnabled"),
         says="ParagraphsQueue"),
    Kind("a queue with encryption off", "P5", put("ParagraphsQueue", "SqsManagedSseEnabled", value=False),
         says="ParagraphsQueue"),
    Kind("a dead-letter queue without encryption", "P5", drop("InboxDeadLetters", "SqsManagedSseEnabled"),
         says="InboxDeadLetters"),
    Kind("a store without encryption", "P5", drop("ParagraphsStore", "BucketEncryption"),
         says="ParagraphsStore"),
    Kind("the cache without encryption", "P5", drop("PipelineCache", "BucketEncryption"),
         says="PipelineCache"),
    *(
        Kind(f"{what} not under the key", "P6", drop(logical_id, name), says=logical_id, base="under a key")
        for what, logical_id, name in (
            ("a queue", "SentencesQueue", "KmsMasterKeyId"),
            ("a dead-letter queue", "SentencesDeadLetters", "KmsMasterKeyId"),
            ("a topic", "SentencesTopic", "KmsMasterKeyId"),
            ("a log", "SentencesLogs", "KmsKeyId"),
            ("a function's variables", "SentencesFunction", "KmsKeyArn"),
            ("a store", "SentencesStore", "BucketEncryption"),
            ("the cache", "PipelineCache", "BucketEncryption"),
        )
    ),
    Kind("a store under S3's own key", "P6",
         put("SentencesStore", "BucketEncryption", "ServerSideEncryptionConfiguration", 0,
             "ServerSideEncryptionByDefault", value={"SSEAlgorithm": "AES256"}),
         says="SentencesStore", base="under a key"),
    Kind("a store under AWS's own key", "P6",
         drop("SentencesStore", "BucketEncryption", "ServerSideEncryptionConfiguration", 0,
              "ServerSideEncryptionByDefault", "KMSMasterKeyID"),
         says="SentencesStore", base="under a key"),
    Kind("a store without a bucket key", "P6",
         drop("SentencesStore", "BucketEncryption", "ServerSideEncryptionConfiguration", 0,
         "BucketKeyEnabled"),
         says="SentencesStore", base="under a key"),
    Kind("a bucket under another key", "P6", _second_key, says="InboxStore", base="under a key"),
    Kind("the key used without a service between", "P6",
         changed(SENTENCES, "ReadUnderKey", Condition={"StringEquals": {
             "kms:EncryptionContext:aws:s3:arn": [arn("InboxStore"), arn("PipelineCache")]}}),
         "kms:Decrypt", "${PipelineKey}", SENTENCES, base="under a key"),
    Kind("the key used for any bucket", "P6",
         changed(SENTENCES, "ReadUnderKey", Condition={"StringEquals": {
             "kms:ViaService": {"Fn::Sub": "s3.${AWS::Region}.amazonaws.com"}}}),
         "kms:Decrypt", "${PipelineKey}", SENTENCES, base="under a key"),
    Kind("the key used for a bucket that it does not read", "P6",
         changed(RESULTS, "ReadUnderKey", Condition={"StringEquals": {
             "kms:ViaService": {"Fn::Sub": "s3.${AWS::Region}.amazonaws.com"},
             "kms:EncryptionContext:aws:s3:arn": [arn("InboxStore"), arn("SentencesStore"),
             arn("PipelineCache")]}}),
         "kms:Decrypt", "${PipelineKey}", RESULTS, base="under a key"),
    Kind("grants made on the key", "P6", grant(SENTENCES, "kms:CreateGrant", arn("PipelineKey")),
         "kms:CreateGrant", "${PipelineKey}", SENTENCES, base="under a key"),
    Kind("everyone may decrypt", "P6",
         lambda template: properties(template, "PipelineKey")["KeyPolicy"]["Statement"].append(
             allow("kms:Decrypt", "*", Principal="*")),
         "kms:Decrypt", "${PipelineKey}", base="under a key"),
    Kind("a service uses the key for any source", "P9", of_key("SnsDelivers", Condition=None),
         "kms:*", "${PipelineKey}", "sns.amazonaws.com", base="under a key"),
    Kind("the account's policies switched off for the key", "P10",
         lambda template: without(properties(template, "PipelineKey")["KeyPolicy"]["Statement"],
         "AccountDecides"),
         "kms:*", "${PipelineKey}", base="under a key"),
    Kind("deliveries cannot encrypt", "P10", of_key("SnsDelivers", Action="kms:Decrypt"),
         "kms:GenerateDataKey", "${PipelineKey}", "sns.amazonaws.com", base="under a key"),
)  # fmt: skip

NETWORK = (
    Kind("an endpoint open for everything", "P8", drop("S3Endpoint", "PolicyDocument"), base="in a VPC"),
    Kind("an endpoint open for other buckets", "P8",
         put("S3Endpoint", "PolicyDocument", "Statement", 0, "Resource", value="*"), base="in a VPC"),
    Kind("no endpoint for S3", "P8", remove("S3Endpoint"), says="S3", base="in a VPC"),
    Kind("no endpoint for SNS", "P8", remove("SnsEndpoint"), says="SNS", base="in a VPC"),
    Kind("an endpoint that forgets puts", "P10",
         put("S3Endpoint", "PolicyDocument", "Statement", 0, "Action", value=["s3:GetObject"]),
         _WRITES, base="in a VPC"),
    Kind("an endpoint without private names", "P8", put("SnsEndpoint", "PrivateDnsEnabled", value=False),
         says="SnsEndpoint", base="in a VPC"),
    Kind("an endpoint that no function reaches", "P8", put("EndpointsGroup", "SecurityGroupIngress",
         value=[]),
         base="in a VPC"),
)  # fmt: skip

NEEDED = tuple(
    Kind(f"{role} loses {sid}", "P10", lose(role, sid), action, resource, who)
    for role, sid, action, resource, who in (
        (PARAGRAPHS, "ReadSources", _READS, "${InboxStore}", PARAGRAPHS),
        (PARAGRAPHS, "PutStore", "s3:*", "${ParagraphsStore}", PARAGRAPHS),
        (PARAGRAPHS, "ReadCache", _READS, "${PipelineCache}", PARAGRAPHS),
        (PARAGRAPHS, "PutCache", _WRITES, "${PipelineCache}/paragraphs/", PARAGRAPHS),
        (PARAGRAPHS, "ReceiveQueue", "sqs:*", "${ParagraphsQueue}", PARAGRAPHS),
        (PARAGRAPHS, "SendDeadLetters", "sqs:SendMessage", "${ParagraphsDeadLetters}", PARAGRAPHS),
        (PARAGRAPHS, "PublishTopic", "sns:Publish", "${ParagraphsTopic}", PARAGRAPHS),
        (PARAGRAPHS, "WriteLogs", "logs:*", "${ParagraphsLogs}", PARAGRAPHS),
        (
            "ParagraphsQueuePolicy",
            "AcceptSources",
            "sqs:SendMessage",
            "${ParagraphsQueue}",
            "sns.amazonaws.com",
        ),
        ("InboxQueuePolicy", "AcceptSources", "sqs:SendMessage", "${InboxQueue}", "s3.amazonaws.com"),
    )
)

LIVENESS = (
    Kind("a role that Lambda may not assume", "P10", put(PARAGRAPHS, "AssumeRolePolicyDocument",
         "Statement", 0,
                                                        "Principal", value={"Service": "ec2.amazonaws.com"}),
         "sts:AssumeRole", "${ParagraphsRole}", "lambda.amazonaws.com"),
    Kind("a boundary that lacks puts", "P10", _boundary, "s3:*", "${ParagraphsStore}", PARAGRAPHS),
    Kind("a bucket that denies puts", "P10", _deny_puts, _WRITES, "${ParagraphsStore}", PARAGRAPHS),
    Kind("a subscription lost", "P10", remove("SentencesFromParagraphsSubscription"), says="sentences"),
    Kind("a mapping lost", "P10", remove("SentencesMapping"), says="sentences"),
    Kind("a mapping switched off", "P10", put("SentencesMapping", "Enabled", value=False),
         says="SentencesMapping"),
    Kind("a queue without redrive", "P4", drop("SentencesQueue", "RedrivePolicy"), says="SentencesQueue"),
    Kind("a subscription without redrive", "P4", drop("SentencesFromParagraphsSubscription", "RedrivePolicy"),
         says="SentencesFromParagraphsSubscription"),
    Kind("a bucket that notifies nobody", "P10", drop("InboxStore", "NotificationConfiguration"),
         says="'inbox'"),
    Kind("documents that expire before their messages", "P10",
         put("ParagraphsStore", "LifecycleConfiguration", "Rules", 1, "ExpirationInDays", value=3),
         says="ParagraphsStore"),
    Kind("a store that goes with the stack", "P10",
         lambda template: template["Resources"]["ParagraphsStore"].update(DeletionPolicy="Delete"),
         says="ParagraphsStore"),
    Kind("partial failures not reported", "P10", drop("SentencesMapping", "FunctionResponseTypes"),
         says="SentencesMapping"),
)  # fmt: skip

KINDS = (*READING, *WIDENING, *STORES, *MESSAGES, *TRANSIT, *REST, *NETWORK, *NEEDED, *LIVENESS)
