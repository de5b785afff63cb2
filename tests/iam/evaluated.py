"""Adjudicated cases: a request, the policies in force, AWS's answer, and where AWS says so.

Kept as Python data, beside `tests.backends.local.iam_matrix`, whose rows the embedded AWS decides as well.
Pages are of the IAM User Guide unless a guide is named; ``point N`` is the N-th of the project's semantic
points. Every allow stands beside the denial that differs from it in one thing.
"""

from __future__ import annotations

from typing import Any, NamedTuple

Json = dict[str, Any]

ACCOUNT, OTHER = "111122223333", "444455556666"
ROLE, SESSION = f"arn:aws:iam::{ACCOUNT}:role/reader", f"arn:aws:sts::{ACCOUNT}:assumed-role/reader/run"
USER, ROOT = f"arn:aws:iam::{ACCOUNT}:user/team/ada", f"arn:aws:iam::{ACCOUNT}:root"
STRANGER, STRANGERS = f"arn:aws:iam::{OTHER}:role/guest", f"arn:aws:iam::{OTHER}:root"
FEDERATED = f"arn:aws:sts::{ACCOUNT}:federated-user/bo"
LINKED = f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/x.amazonaws.com/AWSServiceRoleForX"
SNS, S3 = {"Service": "sns.amazonaws.com"}, {"Service": "s3.amazonaws.com"}
BUCKET, KEY = "arn:aws:s3:::b", "arn:aws:s3:::b/k"
QUEUE = f"arn:aws:sqs:eu-west-1:{ACCOUNT}:q"
TOPIC = f"arn:aws:sns:eu-west-1:{ACCOUNT}:t"
CMK = f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
TARGET = f"arn:aws:iam::{ACCOUNT}:role/target"
GET, PUT, SEND, DECRYPT, ASSUME = (
    "s3:GetObject", "s3:PutObject", "sqs:SendMessage", "kms:Decrypt", "sts:AssumeRole",
)  # fmt: skip

YES, NO, DENIED, OPEN = "ALLOWED", "IMPLICITLY_DENIED", "EXPLICITLY_DENIED", "UNDECIDED"


class Row(NamedTuple):
    """One case, as ``lakenb iam evaluate`` takes it, with its answer."""

    name: str
    decision: str
    source: str
    case: Json


def allow(action: Any = GET, resource: Any = "*", principal: Any = None, **conditions: Any) -> Json:
    """Return an Allow; keyword arguments are condition operators, with ``__`` for a colon."""
    return _statement("Allow", action, resource, principal, conditions)


def deny(action: Any = GET, resource: Any = "*", principal: Any = None, **conditions: Any) -> Json:
    """Return a Deny."""
    return _statement("Deny", action, resource, principal, conditions)


def _statement(effect: str, action: Any, resource: Any, principal: Any, conditions: Json) -> Json:
    made: Json = {"Effect": effect, "Action": action, "Resource": resource}
    if principal is not None:
        made["Principal"] = principal
    if conditions:
        made["Condition"] = {name.replace("__", ":"): lines for name, lines in conditions.items()}
    return made


def without(statement: Json, *keys: str, **others: Any) -> Json:
    """Return a statement without some elements, and with others."""
    return {**{key: value for key, value in statement.items() if key not in keys}, **others}


def doc(*statements: Json, version: str | None = "2012-10-17") -> Json:
    """Return a policy."""
    return {**({"Version": version} if version else {}), "Statement": list(statements)}


def row(
    name: str,
    decision: str,
    source: str,
    *identity: Json,
    who: Any = ROLE,
    action: str = GET,
    on: str = KEY,
    account: str | None = None,
    context: Json | None = None,
    resource: Json | None = None,
    boundary: Json | None = None,
    session: Json | None = None,
    scp: list[list[Json]] | None = None,
    rcp: list[list[Json]] | None = None,
    endpoint: list[Json] | None = None,
    version: str | None = "2012-10-17",
) -> Row:
    """Return a row; the identity-based policy's statements stand in line."""
    asked: Json = {"principal": who, "action": action, "resource": on, "context": context or {}}
    if account:
        asked["resource_account"] = account
    case: Json = {
        "request": asked,
        "identity_policies": [doc(*identity, version=version)] if identity else [],
    }
    parts = {
        "resource_policy": resource,
        "permission_boundaries": None if boundary is None else [boundary],
        "session_policy": session,
        "service_control_policies": scp,
        "resource_control_policies": rcp,
        "endpoint_policies": endpoint,
    }
    return Row(name, decision, source, case | {key: part for key, part in parts.items() if part is not None})


def when(
    name: str, decision: str, source: str, operator: str, key: str, wanted: Any, found: Any = None
) -> Row:
    """Return a row about one condition of an Allow; ``found`` is the request's value, None an absent key."""
    context = {} if found is None else {key: found}
    stated = {operator.replace(":", "__"): {key: wanted}}
    return row(name, decision, source, allow(**stated), context=context)


LOGIC, SINGLE, CROSS = "Policy evaluation logic", "Evaluation within a single account", "Cross-account evaluation"
ELEMENT, PRINCIPAL, NOT_PRINCIPAL = "JSON policy elements: {}", "Elements: Principal", "Elements: NotPrincipal"
RESOURCE, ACTIONS, VARIABLES = "Elements: Resource", "Elements: Action", "Policy variables"
OPERATORS, KEYS, MANY = "Condition operators", "Global condition context keys", "Set operators for multivalued keys"
BOUNDARIES, SESSIONS = "Permissions boundaries", "Session policies"
SCP, RCP = "AWS Organizations Guide: SCP evaluation", "AWS Organizations Guide: RCP evaluation"
KMS, ENDPOINTS = "KMS Developer Guide: Key policies", "PrivateLink Guide: Endpoint policies"
TRUST, VERSION = "Role trust policies, point 14", "Elements: Version"
FULL, FULL_RCP = doc(allow("*")), doc(allow("*", principal="*"))
AT = {"AWS": ROLE}
NO_TLS = {"Bool": {"aws:SecureTransport": "false"}}
NOBODY_ELSE = without(deny(), "Resource", Resource="*")


def not_principal(*names: str, sort: str = "AWS") -> Json:
    """Return a policy that allows everyone of the account's roles, and denies all but these."""
    return doc(without(deny(), NotPrincipal={sort: list(names)}))


BASICS = (
    row("nothing allows", NO, LOGIC + ", point 1"),
    row("identity allows", YES, SINGLE + ", point 2", allow()),
    row("identity allows another action", NO, SINGLE, allow(PUT)),
    row("identity allows another object", NO, SINGLE, allow(resource="arn:aws:s3:::b/other")),
    row("explicit deny beats allow", DENIED, LOGIC, allow(), deny()),
    row("deny of another object", YES, LOGIC, allow(), deny(resource="arn:aws:s3:::b/other")),
    row("deny before allow", DENIED, LOGIC, deny(), allow()),
    row("deny in the resource policy", DENIED, LOGIC, allow(), resource=doc(deny(principal="*"))),
    row("deny in the boundary", DENIED, BOUNDARIES, allow(), boundary=doc(allow("*"), deny())),
    row("deny in the session policy", DENIED, SESSIONS, allow(), session=doc(allow("*"), deny())),
    row("deny in a service control policy", DENIED, SCP, allow(), scp=[[FULL, doc(deny())]]),
    row("deny in a resource control policy", DENIED, RCP, allow(), rcp=[[doc(deny(principal="*"))]]),
    row("deny in the endpoint policy", DENIED, ENDPOINTS, allow(), endpoint=[doc(deny(principal="*"))]),
    row("resource policy names the role", YES, SINGLE + ", point 2", resource=doc(allow(principal=AT))),
    row("resource policy names another role", NO, SINGLE, resource=doc(allow(principal={"AWS": TARGET}))),
    row("resource policy names the user", YES, SINGLE, who=USER, resource=doc(allow(principal={"AWS": USER}))),
    row("resource policy names the account: delegates only", NO, PRINCIPAL + ", point 7",
        resource=doc(allow(principal={"AWS": ROOT}))),
    row("account named, identity allows", YES, PRINCIPAL, allow(), resource=doc(allow(principal={"AWS": ROOT}))),
    row("a bare account id is its root", NO, PRINCIPAL + ", point 10", resource=doc(allow(principal={"AWS": ACCOUNT}))),
    row("a deny of the account hits its roles", DENIED, PRINCIPAL, allow(), resource=doc(deny(principal={"AWS": ACCOUNT}))),
    row("a deny of another account does not", YES, PRINCIPAL, allow(), resource=doc(deny(principal={"AWS": OTHER}))),
    row("resource policy for everyone", YES, PRINCIPAL + ", point 8", resource=doc(allow(principal="*"))),
    row("the other way to write everyone", YES, PRINCIPAL, resource=doc(allow(principal={"AWS": "*"}))),
    row("a list of principals", YES, PRINCIPAL, resource=doc(allow(principal={"AWS": [TARGET, ROLE]}))),
    row("a role's id after its deletion names nobody", NO, PRINCIPAL,
        resource=doc(allow(principal={"AWS": "AROAIIAAAAEXAMPLE7KLM"}))),
    row("statements are alternatives", YES, "point 24", allow(PUT), allow()),
    row("root user may all in its account", YES, LOGIC, who=ROOT),
    row("root user: a resource policy's deny", DENIED, LOGIC, who=ROOT, resource=doc(deny(principal="*"))),
    row("root user: a service control policy", NO, SCP, who=ROOT, scp=[[doc(allow(PUT))]]),
    row("root user: another account's bucket", NO, CROSS, who=ROOT, account=OTHER),
    row("root user: another account's bucket, named", YES, CROSS, who=ROOT, account=OTHER,
        resource=doc(allow(principal={"AWS": ACCOUNT}))),
)  # fmt: skip

SESSIONS_OF = (
    row("session: resource policy names the role", YES, PRINCIPAL + ", point 9", who=SESSION, resource=doc(allow(principal=AT))),
    row("session: the role's path is not in its ARN", YES, PRINCIPAL + ", point 9", who=SESSION,
        resource=doc(allow(principal={"AWS": f"arn:aws:iam::{ACCOUNT}:role/a/path/reader"}))),
    row("session of another role", NO, PRINCIPAL, who=SESSION, resource=doc(allow(principal={"AWS": TARGET}))),
    row("session named", YES, PRINCIPAL, who=SESSION, resource=doc(allow(principal={"AWS": SESSION}))),
    row("another session named", NO, PRINCIPAL, who=SESSION, resource=doc(allow(principal={"AWS": SESSION + "2"}))),
    row("a role's ARN does not tell its session", OPEN, PRINCIPAL, resource=doc(allow(principal={"AWS": SESSION}))),
    row("boundary lacks it", NO, BOUNDARIES + ", point 4", allow(), boundary=doc(allow(PUT))),
    row("boundary has it", YES, BOUNDARIES, allow(), boundary=doc(allow())),
    row("boundary grants nothing", NO, BOUNDARIES, boundary=FULL),
    row("session policy lacks it", NO, SESSIONS + ", point 4", allow(), session=doc(allow(PUT))),
    row("session policy has it", YES, SESSIONS, allow(), session=doc(allow())),
    row("session policy grants nothing", NO, SESSIONS, session=FULL),
    row("boundary and session policy, one lacks it", NO, BOUNDARIES, allow(), boundary=FULL, session=doc(allow(PUT))),
    row("boundary and session policy both have it", YES, BOUNDARIES, allow(), boundary=FULL, session=FULL),
    row("role named: the boundary still limits", NO, SINGLE + ", point 5", resource=doc(allow(principal=AT)), boundary=doc(allow(PUT))),
    row("role named: the boundary has it", YES, SINGLE, resource=doc(allow(principal=AT)), boundary=doc(allow())),
    row("role named: the session policy still limits", NO, SINGLE + ", point 5", who=SESSION, resource=doc(allow(principal=AT)),
        session=doc(allow(PUT))),
    row("role named: the session policy has it", YES, SINGLE, who=SESSION, resource=doc(allow(principal=AT)), session=doc(allow())),
    row("session named: the boundary does not limit", YES, SINGLE + ", point 6", who=SESSION,
        resource=doc(allow(principal={"AWS": SESSION})), boundary=doc(allow(PUT))),
    row("session named: the session policy does not limit", YES, SINGLE + ", point 6", who=SESSION,
        resource=doc(allow(principal={"AWS": SESSION})), session=doc(allow(PUT))),
    row("session named: the boundary's deny does", DENIED, SINGLE + ", point 6", who=SESSION,
        resource=doc(allow(principal={"AWS": SESSION})), boundary=doc(deny())),
    row("user named: the boundary does not limit", YES, BOUNDARIES + ", point 6", who=USER,
        resource=doc(allow(principal={"AWS": USER})), boundary=doc(allow(PUT))),
    row("user named: the boundary's deny does", DENIED, BOUNDARIES, who=USER,
        resource=doc(allow(principal={"AWS": USER})), boundary=doc(deny())),
    row("user named: a service control policy limits", NO, SCP, who=USER,
        resource=doc(allow(principal={"AWS": USER})), scp=[[doc(allow(PUT))]]),
    row("everyone, and the boundary is silent: contested", OPEN, "point 8", resource=doc(allow(principal="*")), boundary=doc(allow(PUT))),
    row("everyone, and the boundary allows", YES, "point 8", resource=doc(allow(principal="*")), boundary=doc(allow())),
    row("everyone, and the session policy is silent", OPEN, "point 8", resource=doc(allow(principal="*")), session=doc(allow(PUT))),
    row("account named: boundary limits the identity", NO, SINGLE, allow(), resource=doc(allow(principal={"AWS": ROOT})),
        boundary=doc(allow(PUT))),
    row("federated user, named", YES, PRINCIPAL, who=FEDERATED, resource=doc(allow(principal={"AWS": FEDERATED}))),
    row("federated user, another named", NO, PRINCIPAL, who=FEDERATED, resource=doc(allow(principal={"AWS": FEDERATED + "b"}))),
    row("federated user: whose session it is, is not told", OPEN, PRINCIPAL, who=FEDERATED, resource=doc(allow(principal={"AWS": USER}))),
)  # fmt: skip

ACROSS = (
    row("other account's role: resource policy alone", NO, CROSS + ", point 3", who=STRANGER, on=QUEUE, action=SEND,
        resource=doc(allow(SEND, principal={"AWS": STRANGER}))),
    row("other account's role: identity alone", NO, CROSS, allow(SEND), who=STRANGER, on=QUEUE, action=SEND),
    row("other account's role: both", YES, CROSS, allow(SEND), who=STRANGER, on=QUEUE, action=SEND,
        resource=doc(allow(SEND, principal={"AWS": STRANGER}))),
    row("other account named, and its identity allows", YES, CROSS, allow(SEND), who=STRANGER, on=QUEUE, action=SEND,
        resource=doc(allow(SEND, principal={"AWS": STRANGERS}))),
    row("everyone named, and its identity allows", YES, PRINCIPAL, allow(SEND), who=STRANGER, on=QUEUE, action=SEND,
        resource=doc(allow(SEND, principal="*"))),
    row("everyone named, its identity does not", NO, PRINCIPAL, who=STRANGER, on=QUEUE, action=SEND,
        resource=doc(allow(SEND, principal="*"))),
    row("both, but its boundary is silent", NO, CROSS, allow(SEND), who=STRANGER, on=QUEUE, action=SEND,
        resource=doc(allow(SEND, principal={"AWS": STRANGER})), boundary=doc(allow())),
    row("both, but its service control policy is silent", NO, CROSS, allow(SEND), who=STRANGER, on=QUEUE, action=SEND,
        resource=doc(allow(SEND, principal={"AWS": STRANGER})), scp=[[doc(allow())]]),
    row("bucket of another account, told", NO, CROSS, allow(), account=OTHER),
    row("bucket of another account, told by a key", NO, CROSS, allow(), context={"aws:ResourceAccount": OTHER}),
    row("bucket of another account, both", YES, CROSS, allow(), account=OTHER, resource=doc(allow(principal=AT))),
    row("anonymous, nothing", NO, PRINCIPAL, who="anonymous"),
    row("anonymous, everyone", YES, PRINCIPAL + ", point 8", who="anonymous", resource=doc(allow(principal="*"))),
    row("anonymous, AWS everyone", YES, PRINCIPAL, who="anonymous", resource=doc(allow(principal={"AWS": "*"}))),
    row("anonymous, an account", NO, PRINCIPAL, who="anonymous", resource=doc(allow(principal={"AWS": ROOT}))),
    row("anonymous, everyone behind a condition", NO, KEYS, who="anonymous",
        resource=doc(allow(principal="*", StringEquals={"aws:PrincipalAccount": ACCOUNT}))),
    row("anonymous has no principal ARN", NO, KEYS, who="anonymous",
        resource=doc(allow(principal="*", ArnLike={"aws:PrincipalArn": "*"}))),
    row("anonymous, identity policies are not for it", NO, LOGIC, allow(), who="anonymous"),
    row("anonymous, denied", DENIED, PRINCIPAL, who="anonymous", resource=doc(allow(principal="*"), deny(principal="*", **NO_TLS)),
        context={"aws:SecureTransport": "false"}),
    row("anonymous, no service control policy binds it", YES, SCP, who="anonymous", resource=doc(allow(principal="*")), scp=[[doc(deny())]]),
)  # fmt: skip

SERVICES = (
    row("service, nothing", NO, PRINCIPAL + ", point 13", who=SNS, on=QUEUE, action=SEND),
    row("service, named", YES, PRINCIPAL, who=SNS, on=QUEUE, action=SEND, resource=doc(allow(SEND, QUEUE, SNS))),
    row("service, another named", NO, PRINCIPAL, who=SNS, on=QUEUE, action=SEND, resource=doc(allow(SEND, QUEUE, S3))),
    row("service, everyone", YES, PRINCIPAL, who=SNS, on=QUEUE, action=SEND, resource=doc(allow(SEND, QUEUE, "*"))),
    row("service, an account", NO, PRINCIPAL, who=SNS, on=QUEUE, action=SEND, resource=doc(allow(SEND, QUEUE, {"AWS": ACCOUNT}))),
    row("service: identity policies are not for it", NO, PRINCIPAL, allow(SEND), who=SNS, on=QUEUE, action=SEND),
    row("a service named is no role", NO, PRINCIPAL, on=QUEUE, action=SEND, resource=doc(allow(SEND, QUEUE, SNS))),
    row("service on behalf of the topic", YES, KEYS + ", point 33", who=SNS, on=QUEUE, action=SEND,
        resource=doc(allow(SEND, QUEUE, SNS, ArnEquals={"aws:SourceArn": TOPIC})), context={"aws:SourceArn": TOPIC}),
    row("service on behalf of another topic", NO, KEYS, who=SNS, on=QUEUE, action=SEND,
        resource=doc(allow(SEND, QUEUE, SNS, ArnEquals={"aws:SourceArn": TOPIC})), context={"aws:SourceArn": TOPIC + "2"}),
    row("service that does not say for whom", NO, KEYS, who=SNS, on=QUEUE, action=SEND,
        resource=doc(allow(SEND, QUEUE, SNS, ArnEquals={"aws:SourceArn": TOPIC}))),
    row("source account", YES, KEYS, who=S3, on=QUEUE, action=SEND,
        resource=doc(allow(SEND, QUEUE, S3, StringEquals={"aws:SourceAccount": ACCOUNT})), context={"aws:SourceAccount": ACCOUNT}),
    row("another source account", NO, KEYS, who=S3, on=QUEUE, action=SEND,
        resource=doc(allow(SEND, QUEUE, S3, StringEquals={"aws:SourceAccount": ACCOUNT})), context={"aws:SourceAccount": OTHER}),
    row("a service is no caller with keys", DENIED, KEYS, who=SNS, on=QUEUE, action=SEND,
        resource=doc(allow(SEND, QUEUE, SNS), deny(SEND, QUEUE, "*", Bool={"aws:PrincipalIsAWSService": "true"}))),
    row("a role is no service", YES, KEYS, allow(), resource=doc(deny(principal="*", Bool={"aws:PrincipalIsAWSService": "true"}))),
    row("service control policies do not bind services", YES, SCP + ", point 12", who=SNS, on=QUEUE, action=SEND,
        resource=doc(allow(SEND, QUEUE, SNS)), scp=[[doc(deny("*"))]]),
    row("resource control policies do", DENIED, RCP, who=SNS, on=QUEUE, action=SEND,
        resource=doc(allow(SEND, QUEUE, SNS)), rcp=[[doc(deny("sqs:*", principal="*"))]]),
    row("resource control policy that spares services", YES, RCP, who=SNS, on=QUEUE, action=SEND, resource=doc(allow(SEND, QUEUE, SNS)),
        rcp=[[doc(deny("sqs:*", principal="*", BoolIfExists={"aws:PrincipalIsAWSService": "false"}))]]),
    row("resource control policy that spares services hits a role", DENIED, RCP, allow(SEND), on=QUEUE, action=SEND,
        rcp=[[doc(deny("sqs:*", principal="*", BoolIfExists={"aws:PrincipalIsAWSService": "false"}))]]),
    row("a wildcard as service is not documented", OPEN, PRINCIPAL, who=SNS, on=QUEUE, action=SEND,
        resource=doc(allow(SEND, QUEUE, {"Service": "*"}))),
)  # fmt: skip

TRUSTS = (
    row("trust names the role", YES, TRUST, action=ASSUME, on=TARGET, resource=doc(without(allow(ASSUME, principal=AT), "Resource"))),
    row("trust names another", NO, TRUST, action=ASSUME, on=TARGET,
        resource=doc(without(allow(ASSUME, principal={"AWS": USER}), "Resource"))),
    row("identity alone assumes nothing", NO, TRUST, allow(ASSUME), action=ASSUME, on=TARGET),
    row("trust names the account alone", NO, TRUST, action=ASSUME, on=TARGET,
        resource=doc(without(allow(ASSUME, principal={"AWS": ROOT}), "Resource"))),
    row("trust names the account, identity allows", YES, TRUST, allow(ASSUME), action=ASSUME, on=TARGET,
        resource=doc(without(allow(ASSUME, principal={"AWS": ROOT}), "Resource"))),
    row("trust names the service", YES, TRUST, who={"Service": "lambda.amazonaws.com"}, action=ASSUME, on=TARGET,
        resource=doc(without(allow(ASSUME, principal={"Service": "lambda.amazonaws.com"}), "Resource"))),
    row("trust names another service", NO, TRUST, who=SNS, action=ASSUME, on=TARGET,
        resource=doc(without(allow(ASSUME, principal={"Service": "lambda.amazonaws.com"}), "Resource"))),
    row("trust of another account, both", YES, TRUST, allow(ASSUME), who=STRANGER, action=ASSUME, on=TARGET,
        resource=doc(without(allow(ASSUME, principal={"AWS": OTHER}, StringEquals={"sts:ExternalId": "x"}), "Resource")),
        context={"sts:ExternalId": "x"}),
    row("trust of another account, wrong external id", NO, TRUST, allow(ASSUME), who=STRANGER, action=ASSUME, on=TARGET,
        resource=doc(without(allow(ASSUME, principal={"AWS": OTHER}, StringEquals={"sts:ExternalId": "x"}), "Resource")),
        context={"sts:ExternalId": "y"}),
    row("trust of another account, its identity does not", NO, TRUST, who=STRANGER, action=ASSUME, on=TARGET,
        resource=doc(without(allow(ASSUME, principal={"AWS": OTHER}), "Resource"))),
    row("trust names the identity provider", YES, TRUST, who={"Federated": "accounts.google.com"}, action="sts:AssumeRoleWithWebIdentity",
        on=TARGET, resource=doc(without(allow("sts:AssumeRoleWithWebIdentity", principal={"Federated": "accounts.google.com"}), "Resource"))),
    row("trust names another provider", NO, TRUST, who={"Federated": "accounts.google.com"}, action="sts:AssumeRoleWithWebIdentity",
        on=TARGET, resource=doc(without(allow("sts:AssumeRoleWithWebIdentity", principal={"Federated": "www.amazon.com"}), "Resource"))),
    row("trust denies", DENIED, TRUST, allow(ASSUME), action=ASSUME, on=TARGET,
        resource=doc(without(allow(ASSUME, principal=AT), "Resource"), without(deny(ASSUME, principal="*"), "Resource"))),
)  # fmt: skip

KEY_POLICIES = (
    row("key: identity alone does nothing", NO, KMS + ", point 35", allow(DECRYPT, CMK), action=DECRYPT, on=CMK),
    row("key: a policy that names another", NO, KMS, allow(DECRYPT, CMK), action=DECRYPT, on=CMK,
        resource=doc(allow("kms:*", principal={"AWS": TARGET}))),
    row("key: turned on for the account, identity allows", YES, KMS + ", point 36", allow(DECRYPT, CMK), action=DECRYPT, on=CMK,
        resource=doc(allow("kms:*", principal={"AWS": ROOT}))),
    row("key: turned on for the account is not access", NO, KMS + ", point 36", action=DECRYPT, on=CMK,
        resource=doc(allow("kms:*", principal={"AWS": ROOT}))),
    row("key: turned on for other actions only", NO, KMS, allow(DECRYPT, CMK), action=DECRYPT, on=CMK,
        resource=doc(allow("kms:Encrypt", principal={"AWS": ROOT}))),
    row("key: the role named is enough", YES, KMS + ", point 37", action=DECRYPT, on=CMK, resource=doc(allow(DECRYPT, principal=AT))),
    row("key: the role named, for another action", NO, KMS, action=DECRYPT, on=CMK, resource=doc(allow("kms:Encrypt", principal=AT))),
    row("key: a star in an identity policy covers it", YES, KMS, allow(DECRYPT), action=DECRYPT, on=CMK,
        resource=doc(allow("kms:*", principal={"AWS": ROOT}))),
    row("key: an alias in an identity policy does not", NO, KMS + ", point 38", allow(DECRYPT, f"arn:aws:kms:eu-west-1:{ACCOUNT}:alias/a"),
        action=DECRYPT, on=CMK, resource=doc(allow("kms:*", principal={"AWS": ROOT}))),
    row("key: through the service", YES, KMS + ", point 39", allow(DECRYPT, StringEquals={"kms:ViaService": "s3.eu-west-1.amazonaws.com"}),
        action=DECRYPT, on=CMK, resource=doc(allow("kms:*", principal={"AWS": ROOT})),
        context={"kms:ViaService": "s3.eu-west-1.amazonaws.com"}),
    row("key: directly, where only the service may", NO, KMS + ", point 39",
        allow(DECRYPT, StringEquals={"kms:ViaService": "s3.eu-west-1.amazonaws.com"}), action=DECRYPT, on=CMK,
        resource=doc(allow("kms:*", principal={"AWS": ROOT}))),
    row("key: the object's context", YES, KMS + ", point 40", action=DECRYPT, on=CMK,
        resource=doc(allow(DECRYPT, principal=AT, ArnLike={"kms:EncryptionContext:aws:s3:arn": "arn:aws:s3:::b/*"})),
        context={"kms:EncryptionContext:aws:s3:arn": KEY}),
    row("key: another object's context", NO, KMS + ", point 40", action=DECRYPT, on=CMK,
        resource=doc(allow(DECRYPT, principal=AT, ArnLike={"kms:EncryptionContext:aws:s3:arn": "arn:aws:s3:::b/*"})),
        context={"kms:EncryptionContext:aws:s3:arn": "arn:aws:s3:::c/k"}),
    row("key: the bucket's context, with bucket keys", NO, KMS + ", point 40", action=DECRYPT, on=CMK,
        resource=doc(allow(DECRYPT, principal=AT, ArnLike={"kms:EncryptionContext:aws:s3:arn": "arn:aws:s3:::b/*"})),
        context={"kms:EncryptionContext:aws:s3:arn": BUCKET}),
    row("key: the service", YES, KMS + ", point 42", who=SNS, action=DECRYPT, on=CMK, resource=doc(allow(DECRYPT, principal=SNS))),
    row("key: another service", NO, KMS, who=S3, action=DECRYPT, on=CMK, resource=doc(allow(DECRYPT, principal=SNS))),
    row("key: another account, both", YES, KMS, allow(DECRYPT, CMK), who=STRANGER, action=DECRYPT, on=CMK,
        resource=doc(allow(DECRYPT, principal={"AWS": OTHER}))),
    row("key: another account, key policy alone", NO, KMS, who=STRANGER, action=DECRYPT, on=CMK,
        resource=doc(allow(DECRYPT, principal={"AWS": OTHER}))),
    row("key: not even the root user without a statement", NO, KMS, who=ROOT, action=DECRYPT, on=CMK,
        resource=doc(allow("kms:*", principal=AT))),
    row("key: the root user by the account's statement", YES, KMS, who=ROOT, action=DECRYPT, on=CMK,
        resource=doc(allow("kms:*", principal={"AWS": ROOT}))),
    row("key: the boundary limits what the account was given", NO, KMS, allow(DECRYPT, CMK), action=DECRYPT, on=CMK,
        resource=doc(allow("kms:*", principal={"AWS": ROOT})), boundary=doc(allow())),
    row("key: denied in the key policy", DENIED, KMS, allow(DECRYPT, CMK), action=DECRYPT, on=CMK,
        resource=doc(allow("kms:*", principal={"AWS": ROOT}), deny(DECRYPT, principal=AT))),
    row("no key yet: identity decides", YES, KMS, allow("kms:CreateKey"), action="kms:CreateKey", on="*"),
    row("no key yet: a key's ARN covers no star", NO, KMS + ", point 15", allow("kms:CreateKey", CMK), action="kms:CreateKey", on="*"),
)  # fmt: skip

NOT_ELEMENTS = (
    row("NotAction leaves it", YES, "Elements: NotAction, point 20", without(allow(), "Action", NotAction="s3:Put*")),
    row("NotAction excepts it", NO, "Elements: NotAction", without(allow(), "Action", NotAction=["s3:Get*", "sqs:*"])),
    row("NotAction reaches other services", YES, "Elements: NotAction", without(allow(), "Action", NotAction="iam:*"),
        action="sqs:SendMessage", on=QUEUE),
    row("Deny NotAction hits the rest", DENIED, "Elements: NotAction", allow("*"), without(deny(), "Action", NotAction="s3:Put*")),
    row("Deny NotAction spares it", YES, "Elements: NotAction", allow("*"), without(deny(), "Action", NotAction="s3:GetObject")),
    row("NotResource leaves it", YES, "Elements: NotResource, point 20", without(allow(), "Resource", NotResource="arn:aws:s3:::c/*")),
    row("NotResource excepts it", NO, "Elements: NotResource", without(allow(), "Resource", NotResource=[QUEUE, "arn:aws:s3:::b/*"])),
    row("Deny NotResource hits the rest", DENIED, "Elements: NotResource", allow(), without(deny(), "Resource", NotResource="arn:aws:s3:::c/*")),
    row("Deny NotResource spares it", YES, "Elements: NotResource", allow(), without(deny(), "Resource", NotResource="arn:aws:s3:::b/*")),
    row("NotPrincipal spares role and account for a role's ARN only with its session", DENIED, NOT_PRINCIPAL + ", point 11", allow(),
        who=SESSION, resource=not_principal(ROLE, ROOT)),
    row("NotPrincipal spares the session with role and account", YES, NOT_PRINCIPAL, allow(), who=SESSION,
        resource=not_principal(SESSION, ROLE, ROOT)),
    row("NotPrincipal: another session", DENIED, NOT_PRINCIPAL, allow(), who=SESSION, resource=not_principal(SESSION + "2", ROLE, ROOT)),
    row("NotPrincipal: which session asks is not told", OPEN, NOT_PRINCIPAL, allow(), resource=not_principal(SESSION, ROLE, ROOT)),
    row("NotPrincipal spares the user with account", YES, NOT_PRINCIPAL, allow(), who=USER, resource=not_principal(USER, ROOT)),
    row("NotPrincipal without the account", DENIED, NOT_PRINCIPAL, allow(), who=USER, resource=not_principal(USER)),
    row("NotPrincipal with the account only", DENIED, NOT_PRINCIPAL, allow(), who=USER, resource=not_principal(ROOT)),
    row("NotPrincipal: another user", DENIED, NOT_PRINCIPAL, allow(), who=USER + "2", resource=not_principal(USER, ROOT)),
    row("NotPrincipal hits whoever has a boundary", DENIED, BOUNDARIES + ", point 11", allow(), who=USER,
        resource=not_principal(USER, ROOT), boundary=FULL),
    row("NotPrincipal spares the service", YES, NOT_PRINCIPAL, who=SNS, on=QUEUE, action=SEND,
        resource=doc(allow(SEND, principal=SNS), without(deny(SEND), NotPrincipal=SNS))),
    row("NotPrincipal hits another service", DENIED, NOT_PRINCIPAL, who=S3, on=QUEUE, action=SEND,
        resource=doc(allow(SEND, principal=S3), without(deny(SEND), NotPrincipal=SNS))),
    row("NotPrincipal hits anonymous callers", DENIED, NOT_PRINCIPAL, who="anonymous",
        resource=doc(allow(principal="*"), without(deny(), NotPrincipal={"AWS": [USER, ROOT]}))),
)  # fmt: skip

PATTERNS = (
    row("action in another case", YES, ACTIONS + ", point 16", allow("S3:getOBJECT")),
    row("action wildcard", YES, ACTIONS, allow("s3:Get*")),
    row("action wildcard of another verb", NO, ACTIONS, allow("s3:Put*")),
    row("action wildcard in the middle", YES, ACTIONS, allow("s3:*Obj*")),
    row("one character", YES, ACTIONS, allow("s3:GetObjec?")),
    row("one character is one", NO, ACTIONS, allow("s3:GetObje?")),
    row("every action", YES, ACTIONS, allow("*")),
    row("every action of another service", NO, ACTIONS, allow("sqs:*")),
    row("prefix of a service", YES, ACTIONS, allow("s*:GetObject")),
    row("the bucket's ARN is no object's", NO, RESOURCE + ", point 19", allow(resource=BUCKET)),
    row("the object's ARN is no bucket's", NO, RESOURCE + ", point 19", allow("s3:ListBucket", "arn:aws:s3:::b/*"), action="s3:ListBucket",
        on=BUCKET),
    row("the bucket's ARN is the bucket's", YES, RESOURCE, allow("s3:ListBucket", BUCKET), action="s3:ListBucket", on=BUCKET),
    row("ARNs are case-sensitive", NO, RESOURCE + ", point 16", allow(resource="arn:aws:s3:::b/K")),
    row("a star spans slashes", YES, RESOURCE + ", point 17", allow(resource="arn:aws:s3:::b/*/z"), on="arn:aws:s3:::b/x/y/z"),
    row("a star may be nothing", YES, RESOURCE, allow(resource="arn:aws:s3:::b/k*")),
    row("a star spans line breaks", YES, RESOURCE, allow(resource="arn:aws:s3:::b/*z"), on="arn:aws:s3:::b/x\nz"),
    row("the page's test folders", YES, RESOURCE, allow(resource="arn:aws:s3:::b/*/test/*"), on="arn:aws:s3:::b/1///test///object.jpg"),
    row("the page's test folders, not these", NO, RESOURCE, allow(resource="arn:aws:s3:::b/*/test/*"), on="arn:aws:s3:::b/1-test/object.jpg"),
    row("a prefix without its slash covers the neighbour", YES, RESOURCE, allow(resource="arn:aws:s3:::b/pdf-1*"), on="arn:aws:s3:::b/pdf-10/k"),
    row("a prefix with its slash does not", NO, RESOURCE, allow(resource="arn:aws:s3:::b/pdf-1/*"), on="arn:aws:s3:::b/pdf-10/k"),
    row("no regular expressions", NO, RESOURCE, allow(resource="arn:aws:s3:::b/a.b"), on="arn:aws:s3:::b/axb"),
    row("a star in the region", YES, RESOURCE, allow(SEND, f"arn:aws:sqs:*:{ACCOUNT}:q"), action=SEND, on=QUEUE),
    row("a star in the name", YES, RESOURCE, allow(SEND, f"arn:aws:sqs:*:{ACCOUNT}:*"), action=SEND, on=QUEUE),
    row("a question mark does not span a colon", NO, RESOURCE + ", point 18", allow(SEND, f"arn:aws:sqs:eu-west-1?{ACCOUNT}:q"), action=SEND,
        on=QUEUE),
    row("a star inside a field does not run on", NO, RESOURCE + ", point 18", allow(SEND, "arn:aws:sqs:eu*33:q"), action=SEND, on=QUEUE),
    row("a star that ends a field: pages differ", OPEN, RESOURCE, allow(SEND, "arn:aws:sqs:*:q"), action=SEND, on=QUEUE),
    row("a deny whose star ends a field", OPEN, RESOURCE, allow(SEND), deny(SEND, "arn:aws:sqs:*:q"), action=SEND, on=QUEUE),
    row("a star that ends the pattern runs on", YES, RESOURCE, allow(SEND, "arn:aws:sqs:*"), action=SEND, on=QUEUE),
    row("a star that ends another service's pattern", NO, RESOURCE, allow(SEND, "arn:aws:sns:*"), action=SEND, on=QUEUE),
    row("another account's queue", NO, RESOURCE, allow(SEND, f"arn:aws:sqs:*:{OTHER}:*"), action=SEND, on=QUEUE),
    row("another partition", NO, RESOURCE, allow(resource="arn:aws-cn:s3:::b/k")),
    row("a list of resources", YES, RESOURCE, allow(resource=[QUEUE, "arn:aws:s3:::b/*"])),
    row("action without a resource, any resource", YES, "Service Authorization Reference, point 15", allow("s3:ListAllMyBuckets"),
        action="s3:ListAllMyBuckets", on="*"),
    row("action without a resource, a bucket named", NO, "Service Authorization Reference, point 15", allow("s3:ListAllMyBuckets", BUCKET),
        action="s3:ListAllMyBuckets", on="*"),
)  # fmt: skip

HOME = "arn:aws:s3:::b/home/${aws:username}/*"
VARIABLE = (
    row("variable", YES, VARIABLES + ", point 22", allow(resource=HOME), who=USER, on="arn:aws:s3:::b/home/ada/x"),
    row("variable, another's", NO, VARIABLES, allow(resource=HOME), who=USER, on="arn:aws:s3:::b/home/bob/x"),
    row("variable without a value", NO, VARIABLES + ", point 23", allow(resource=HOME), on="arn:aws:s3:::b/home//x"),
    row("variable in the old version is text", NO, VERSION + ", point 22", allow(resource=HOME), who=USER, on="arn:aws:s3:::b/home/ada/x",
        version="2008-10-17"),
    row("no version is the old one", NO, VERSION + ", point 24", allow(resource=HOME), who=USER, on="arn:aws:s3:::b/home/ada/x", version=None),
    row("the old version's text, literally", YES, VERSION, allow(resource="arn:aws:s3:::b/${aws:username}"), who=USER,
        on="arn:aws:s3:::b/${aws:username}", version="2008-10-17"),
    row("default", YES, VARIABLES, allow(resource="arn:aws:s3:::b/${aws:username, 'nobody'}"), on="arn:aws:s3:::b/nobody"),
    row("default where there is a value", NO, VARIABLES, allow(resource="arn:aws:s3:::b/${aws:username, 'nobody'}"), who=USER,
        on="arn:aws:s3:::b/nobody"),
    row("variables' names in another case", YES, VARIABLES, allow(resource="arn:aws:s3:::b/${AWS:UserName}"), who=USER, on="arn:aws:s3:::b/ada"),
    row("a star in a value is text", NO, VARIABLES, allow(resource="arn:aws:s3:::b/${aws:PrincipalTag/team}"),
        context={"aws:PrincipalTag/team": "*"}),
    row("a tag's value", YES, VARIABLES, allow(resource="arn:aws:s3:::b/${aws:PrincipalTag/team}"), context={"aws:PrincipalTag/team": "k"}),
    row("literal star", YES, VARIABLES, allow(resource="arn:aws:s3:::b/a${*}"), on="arn:aws:s3:::b/a*"),
    row("literal star is no wildcard", NO, VARIABLES, allow(resource="arn:aws:s3:::b/a${*}"), on="arn:aws:s3:::b/ab"),
    row("literal question mark", YES, VARIABLES, allow(resource="arn:aws:s3:::b/a${?}"), on="arn:aws:s3:::b/a?"),
    row("literal question mark is no wildcard", NO, VARIABLES, allow(resource="arn:aws:s3:::b/a${?}"), on="arn:aws:s3:::b/ab"),
    row("literal dollar", YES, VARIABLES, allow(resource="arn:aws:s3:::b/${$}{x}"), on="arn:aws:s3:::b/${x}"),
    row("variable in a condition", YES, VARIABLES, allow(StringEquals={"aws:ResourceAccount": "${aws:PrincipalAccount}"})),
    row("variable in a condition, other account's", NO, VARIABLES, allow(StringEquals={"s3:ResourceAccount": "${aws:PrincipalAccount}"}),
        context={"s3:ResourceAccount": OTHER}),
    row("variable without a value, positive operator", NO, "Policy variables with no value",
        allow(StringEquals={"s3:ExistingObjectTag/t": "${aws:PrincipalTag/t}"}), context={"s3:ExistingObjectTag/t": "x"}),
    row("variable without a value, negated operator", DENIED, "Policy variables with no value", allow(),
        deny(StringNotEquals={"s3:ExistingObjectTag/t": "${aws:PrincipalTag/t}"}), context={"s3:ExistingObjectTag/t": "x"}),
    row("deny with a variable without a value does not fire", YES, VARIABLES + ", point 23", allow(),
        deny(resource="arn:aws:s3:::b/${aws:username}*")),
    row("deny with a variable fires", DENIED, VARIABLES, allow(), deny(resource="arn:aws:s3:::b/${aws:username}*"), who=USER,
        on="arn:aws:s3:::b/ada1"),
    row("variable of several values", OPEN, VARIABLES, allow(resource="arn:aws:s3:::b/${aws:TagKeys}"), context={"aws:TagKeys": ["k", "l"]}),
)  # fmt: skip

TAG, VPCE, NUMBER, DATE, SOURCE_IP = "aws:RequestTag/t", "aws:SourceVpce", "s3:max-keys", "aws:TokenIssueTime", "aws:SourceIp"
STRINGS = (
    when("StringEquals", YES, OPERATORS, "StringEquals", TAG, "a", "a"),
    when("StringEquals, another", NO, OPERATORS, "StringEquals", TAG, "a", "b"),
    when("StringEquals minds letter case", NO, OPERATORS, "StringEquals", TAG, "a", "A"),
    when("StringEquals has no wildcard", NO, OPERATORS + ", point 29", "StringEquals", TAG, "a*", "ab"),
    when("StringEquals, a star is a star", YES, OPERATORS, "StringEquals", TAG, "a*", "a*"),
    when("StringEquals, alternatives", YES, "point 24", "StringEquals", TAG, ["a", "b"], "b"),
    when("StringEquals, absent", NO, OPERATORS + ", point 25", "StringEquals", TAG, "a"),
    when("StringNotEquals", YES, OPERATORS, "StringNotEquals", TAG, "a", "b"),
    when("StringNotEquals, the same", NO, OPERATORS, "StringNotEquals", TAG, "a", "a"),
    when("StringNotEquals, one of several", NO, "point 24", "StringNotEquals", TAG, ["a", "b"], "b"),
    when("StringNotEquals, none of several", YES, "point 24", "StringNotEquals", TAG, ["a", "b"], "c"),
    when("StringNotEquals, absent", YES, OPERATORS + ", point 25", "StringNotEquals", TAG, "a"),
    when("StringEqualsIgnoreCase", YES, OPERATORS, "StringEqualsIgnoreCase", TAG, "Ab", "aB"),
    when("StringEqualsIgnoreCase, another", NO, OPERATORS, "StringEqualsIgnoreCase", TAG, "Ab", "ac"),
    when("StringNotEqualsIgnoreCase", YES, OPERATORS, "StringNotEqualsIgnoreCase", TAG, "Ab", "ac"),
    when("StringNotEqualsIgnoreCase, the same", NO, OPERATORS, "StringNotEqualsIgnoreCase", TAG, "Ab", "aB"),
    when("StringLike", YES, OPERATORS, "StringLike", TAG, "a*c?", "a-b-cd"),
    when("StringLike, another", NO, OPERATORS, "StringLike", TAG, "a*c?", "a-b-c"),
    when("StringLike minds letter case", NO, OPERATORS, "StringLike", TAG, "A*", "ab"),
    when("StringLike spans colons", YES, OPERATORS, "StringLike", TAG, "arn:*:x", "arn:aws:s3:::b:x"),
    when("StringNotLike", YES, OPERATORS, "StringNotLike", TAG, "a*", "b"),
    when("StringNotLike, covered", NO, OPERATORS, "StringNotLike", TAG, "a*", "ab"),
    when("StringNotLike, absent", YES, OPERATORS, "StringNotLike", TAG, "a*"),
    when("IfExists, absent", YES, OPERATORS + ", point 25", "StringEqualsIfExists", TAG, "a"),
    when("IfExists, present and fits", YES, OPERATORS, "StringEqualsIfExists", TAG, "a", "a"),
    when("IfExists, present and does not", NO, OPERATORS, "StringEqualsIfExists", TAG, "a", "b"),
    when("negated IfExists, absent", YES, OPERATORS, "StringNotEqualsIfExists", TAG, "a"),
    when("negated IfExists, the same", NO, OPERATORS, "StringNotEqualsIfExists", TAG, "a", "a"),
    when("keys in another case", YES, "point 31", "StringEquals", "AWS:requesttag/T", "a", "a"),
    when("Null true, absent", YES, OPERATORS + ", point 26", "Null", TAG, "true"),
    when("Null true, present", NO, OPERATORS, "Null", TAG, "true", "x"),
    when("Null false, present", YES, OPERATORS, "Null", TAG, "false", "x"),
    when("Null false, absent", NO, OPERATORS, "Null", TAG, False),
    when("several values without a set operator: agree", YES, MANY, "StringLike", "aws:TagKeys", "a*", ["a", "ab"]),
    when("several values without a set operator: differ", OPEN, MANY, "StringEquals", "aws:TagKeys", "a", ["a", "b"]),
    when("unknown operator", OPEN, "Fail closed", "StringSounds", TAG, "a", "a"),
    when("unknown operator's letter case", OPEN, "Fail closed", "stringequals", TAG, "a", "a"),
)  # fmt: skip

OTHERS = (
    when("NumericEquals", YES, OPERATORS, "NumericEquals", NUMBER, "10", "10.0"),
    when("NumericEquals, another", NO, OPERATORS, "NumericEquals", NUMBER, 10, "11"),
    when("NumericNotEquals", YES, OPERATORS, "NumericNotEquals", NUMBER, "10", "11"),
    when("NumericNotEquals, the same", NO, OPERATORS, "NumericNotEquals", NUMBER, "10", 10),
    when("NumericNotEquals, absent", YES, OPERATORS, "NumericNotEquals", NUMBER, "10"),
    when("NumericLessThan", YES, OPERATORS, "NumericLessThan", NUMBER, "10", "9"),
    when("NumericLessThan, equal", NO, OPERATORS, "NumericLessThan", NUMBER, "10", "10"),
    when("NumericLessThanEquals", YES, OPERATORS, "NumericLessThanEquals", NUMBER, "10", "10"),
    when("NumericLessThanEquals, more", NO, OPERATORS, "NumericLessThanEquals", NUMBER, "10", "100"),
    when("NumericGreaterThan", YES, OPERATORS, "NumericGreaterThan", NUMBER, "9", "10"),
    when("NumericGreaterThan, equal", NO, OPERATORS, "NumericGreaterThan", NUMBER, "10", "10"),
    when("NumericGreaterThanEquals", YES, OPERATORS, "NumericGreaterThanEquals", NUMBER, "10", "10"),
    when("NumericGreaterThanEquals, less", NO, OPERATORS, "NumericGreaterThanEquals", NUMBER, "10", "9"),
    when("numbers, absent", NO, OPERATORS, "NumericLessThan", NUMBER, "10"),
    when("the TLS version", YES, "S3 User Guide: s3:TlsVersion", "NumericGreaterThanEquals", "s3:TlsVersion", 1.2, "1.3"),
    when("an old TLS version", NO, "S3 User Guide: s3:TlsVersion", "NumericGreaterThanEquals", "s3:TlsVersion", 1.2, "1.1"),
    when("a number that is none", OPEN, "Fail closed", "NumericLessThan", NUMBER, "10", "ten"),
    when("DateLessThan", YES, OPERATORS, "DateLessThan", DATE, "2026-01-01T00:00:00Z", "2025-12-31T23:59:59Z"),
    when("DateLessThan, later", NO, OPERATORS, "DateLessThan", DATE, "2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z"),
    when("DateLessThanEquals", YES, OPERATORS, "DateLessThanEquals", DATE, "2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z"),
    when("DateLessThanEquals, later", NO, OPERATORS, "DateLessThanEquals", DATE, "2026-01-01", "2026-01-02"),
    when("DateGreaterThan", YES, OPERATORS, "DateGreaterThan", DATE, "2026-01-01", "2026-01-01T00:00:01Z"),
    when("DateGreaterThan, earlier", NO, OPERATORS, "DateGreaterThan", DATE, "2026-01-01", "2025-01-01"),
    when("DateGreaterThanEquals", YES, OPERATORS, "DateGreaterThanEquals", DATE, "2026-01-01", "2026-01-01"),
    when("DateGreaterThanEquals, earlier", NO, OPERATORS, "DateGreaterThanEquals", DATE, "2026-01-01", "2025-12-31"),
    when("DateEquals, seconds since 1970", YES, OPERATORS, "DateEquals", DATE, "1970-01-02T00:00:00Z", "86400"),
    when("DateEquals, zones", YES, OPERATORS, "DateEquals", DATE, "2026-01-01T01:00:00+01:00", "2026-01-01T00:00:00Z"),
    when("DateEquals, another zone", NO, OPERATORS, "DateEquals", DATE, "2026-01-01T01:00:00-01:00", "2026-01-01T00:00:00Z"),
    when("DateNotEquals", YES, OPERATORS, "DateNotEquals", DATE, "2026-01-01", "2026-01-02"),
    when("DateNotEquals, the same", NO, OPERATORS, "DateNotEquals", DATE, "2026-01-01", "2026-01-01"),
    when("the time is carried, and not told", OPEN, KEYS, "DateLessThan", "aws:CurrentTime", "2026-01-01"),
    when("the time, told", YES, KEYS, "DateLessThan", "aws:CurrentTime", "2026-01-01", "2025-06-01T12:00:00Z"),
    when("the time is never absent", NO, KEYS, "Null", "aws:CurrentTime", "true"),
    when("Bool", YES, OPERATORS + ", point 28", "Bool", "aws:SecureTransport", "true", True),
    when("Bool, false", NO, OPERATORS, "Bool", "aws:SecureTransport", "true", "false"),
    when("Bool, letter case", YES, OPERATORS, "Bool", "aws:SecureTransport", "True", "TRUE"),
    when("Bool, absent", NO, OPERATORS, "Bool", "aws:MultiFactorAuthPresent", "true"),
    when("BoolIfExists, absent", YES, OPERATORS, "BoolIfExists", "aws:MultiFactorAuthPresent", "true"),
    when("BoolIfExists, false", NO, OPERATORS, "BoolIfExists", "aws:MultiFactorAuthPresent", "true", "false"),
    when("BinaryEquals", YES, OPERATORS, "BinaryEquals", "x:Blob", "QmluYXJ5", "QmluYXJ5"),
    when("BinaryEquals, other bytes", NO, OPERATORS, "BinaryEquals", "x:Blob", "QmluYXJ5", "QmluYXJ6"),
    when("IpAddress", YES, OPERATORS + ", point 30", "IpAddress", SOURCE_IP, "203.0.113.0/24", "203.0.113.9"),
    when("IpAddress, outside", NO, OPERATORS, "IpAddress", SOURCE_IP, "203.0.113.0/24", "203.0.114.9"),
    when("IpAddress, a single one", YES, OPERATORS, "IpAddress", SOURCE_IP, "203.0.113.9", "203.0.113.9"),
    when("IpAddress, version 6", YES, OPERATORS, "IpAddress", SOURCE_IP, "2001:DB8::/32", "2001:db8:1::1"),
    when("IpAddress, version 6 outside", NO, OPERATORS, "IpAddress", SOURCE_IP, "2001:DB8::/32", "2001:db9::1"),
    when("IpAddress, the other version", NO, OPERATORS, "IpAddress", SOURCE_IP, "0.0.0.0/0", "2001:db8::1"),
    when("IpAddress, absent through an endpoint", NO, OPERATORS + ", point 30", "IpAddress", SOURCE_IP, "0.0.0.0/0"),
    when("NotIpAddress", YES, OPERATORS, "NotIpAddress", SOURCE_IP, ["203.0.113.0/24", "192.0.2.0/24"], "198.51.100.1"),
    when("NotIpAddress, inside", NO, OPERATORS, "NotIpAddress", SOURCE_IP, ["203.0.113.0/24", "192.0.2.0/24"], "192.0.2.1"),
    when("NotIpAddress, absent", YES, OPERATORS, "NotIpAddress", SOURCE_IP, "203.0.113.0/24"),
    when("ArnEquals takes wildcards", YES, OPERATORS + ", point 29", "ArnEquals", "aws:SourceArn", "arn:aws:sns:*:*:t", TOPIC),
    when("ArnEquals, another", NO, OPERATORS, "ArnEquals", "aws:SourceArn", "arn:aws:sns:*:*:u", TOPIC),
    when("ArnLike, field by field", OPEN, OPERATORS + ", point 18", "ArnLike", "aws:SourceArn", "arn:aws:sns:*", TOPIC),
    when("ArnLike, a star in the last field spans colons", YES, OPERATORS, "ArnLike", "aws:SourceArn", "arn:aws:logs:*:*:*",
         f"arn:aws:logs:eu-west-1:{ACCOUNT}:log-group:g"),
    when("ArnLike minds letter case", NO, OPERATORS, "ArnLike", "aws:SourceArn", "arn:aws:sns:*:*:T", TOPIC),
    when("ArnNotEquals", YES, OPERATORS, "ArnNotEquals", "aws:SourceArn", "arn:aws:sns:*:*:u", TOPIC),
    when("ArnNotEquals, the same", NO, OPERATORS, "ArnNotEquals", "aws:SourceArn", TOPIC, TOPIC),
    when("ArnNotLike", YES, OPERATORS, "ArnNotLike", "aws:SourceArn", "arn:aws:s3:*:*:*", TOPIC),
    when("ArnNotLike, covered", NO, OPERATORS, "ArnNotLike", "aws:SourceArn", "arn:aws:sns:*:*:*", TOPIC),
    when("ArnLike, absent", NO, OPERATORS, "ArnLike", "aws:SourceArn", "arn:aws:sns:*:*:*"),
)  # fmt: skip

TAGS = "aws:TagKeys"
SETS = (
    when("ForAllValues, all", YES, MANY + ", point 27", "ForAllValues:StringEquals", TAGS, ["a", "b"], ["a"]),
    when("ForAllValues, one too many", NO, MANY, "ForAllValues:StringEquals", TAGS, ["a", "b"], ["a", "c"]),
    when("ForAllValues, absent", YES, MANY + ", point 27", "ForAllValues:StringEquals", TAGS, ["a"]),
    when("ForAllValues, no value", YES, MANY, "ForAllValues:StringEquals", TAGS, ["a"], []),
    when("ForAllValues, an empty text", YES, MANY, "ForAllValues:StringEquals", TAGS, ["a"], [""]),
    when("ForAnyValue, one", YES, MANY, "ForAnyValue:StringEquals", TAGS, ["a", "b"], ["c", "b"]),
    when("ForAnyValue, none", NO, MANY, "ForAnyValue:StringEquals", TAGS, ["a", "b"], ["c", "d"]),
    when("ForAnyValue, absent", NO, MANY + ", point 27", "ForAnyValue:StringEquals", TAGS, ["a"]),
    when("ForAnyValue, no value", NO, MANY, "ForAnyValue:StringEquals", TAGS, ["a"], []),
    when("ForAnyValue with wildcards", YES, MANY, "ForAnyValue:StringLike", "aws:PrincipalOrgPaths", "o-1/*", ["o-2/r/", "o-1/r/"]),
    when("ForAllValues, negated: none of them", YES, MANY, "ForAllValues:StringNotEquals", TAGS, ["a"], ["b", "c"]),
    when("ForAllValues, negated: one of them", NO, MANY, "ForAllValues:StringNotEquals", TAGS, ["a"], ["a", "c"]),
    when("ForAnyValue, negated: one is another", YES, MANY, "ForAnyValue:StringNotEquals", TAGS, ["a"], ["a", "c"]),
    when("ForAnyValue, negated: all are it", NO, MANY, "ForAnyValue:StringNotEquals", TAGS, ["a"], ["a"]),
    when("ForAnyValue, negated, absent", NO, MANY, "ForAnyValue:StringNotEquals", TAGS, ["a"]),
    when("ForAllValues on a single-valued key, absent: a hole", YES, MANY + ", point 27", "ForAllValues:StringEquals", VPCE, "vpce-1"),
    when("ForAllValues IfExists, absent", YES, MANY, "ForAllValues:StringEqualsIfExists", TAGS, ["a"]),
    when("ForAnyValue IfExists, absent: not documented", OPEN, MANY, "ForAnyValue:StringEqualsIfExists", TAGS, ["a"]),
    when("ForAnyValue IfExists, present", NO, MANY, "ForAnyValue:StringEqualsIfExists", TAGS, ["a"], ["b"]),
    when("ForAllValues of Null is no operator", OPEN, "Fail closed", "ForAllValues:Null", TAGS, "true"),
    row("ForAllValues with Null closes the hole", NO, MANY, allow(ForAllValues__StringEquals={TAGS: ["a"]}, Null={TAGS: "false"})),
    row("a deny by ForAnyValue", DENIED, MANY, allow(), deny(ForAnyValue__StringEquals={TAGS: "secret"}), context={TAGS: ["a", "secret"]}),
    row("a deny by ForAllValues on an absent key fires", DENIED, MANY, allow(), deny(ForAllValues__StringEquals={TAGS: "secret"})),
    row("operators are joined by and", NO, "point 24", allow(StringEquals={VPCE: "v"}, Null={TAG: "false"}), context={VPCE: "v"}),
    row("keys are joined by and", NO, "point 24", allow(StringEquals={VPCE: "v", TAG: "t"}), context={VPCE: "v"}),
    row("keys are joined by and, both", YES, "point 24", allow(StringEquals={VPCE: "v", TAG: "t"}), context={VPCE: "v", TAG: "t"}),
    row("unknown operator beside one that fails", NO, "Fail closed", allow(StringSounds={TAG: "a"}, StringEquals={VPCE: "v"})),
    row("unknown operator in a deny", OPEN, "Fail closed", allow(), deny(StringSounds={TAG: "a"})),
    row("unknown operator in a deny, nothing allows", NO, "Fail closed", deny(StringSounds={TAG: "a"})),
    row("unknown operator in a deny beside a certain deny", DENIED, "Fail closed", allow(), deny(StringSounds={TAG: "a"}), deny()),
    row("unknown operator beside a certain allow", YES, "Fail closed", allow(StringSounds={TAG: "a"}), allow()),
)  # fmt: skip

CALLER = (
    row("principal ARN is the role, not its session", YES, KEYS + ", point 32", allow(ArnEquals={"aws:PrincipalArn": ROLE}), who=SESSION),
    row("principal ARN is not the session's", NO, KEYS + ", point 32", allow(ArnEquals={"aws:PrincipalArn": SESSION}), who=SESSION),
    row("principal ARN told with its path", YES, KEYS, allow(ArnEquals={"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/p/reader"}),
        who=SESSION, context={"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/p/reader"}),
    row("principal's account", YES, KEYS, allow(StringEquals={"aws:PrincipalAccount": ACCOUNT})),
    row("principal's account, another", NO, KEYS, allow(StringEquals={"aws:PrincipalAccount": OTHER})),
    row("principal's type", YES, KEYS, allow(StringEquals={"aws:PrincipalType": "User"}), who=USER),
    row("principal's type, another", NO, KEYS, allow(StringEquals={"aws:PrincipalType": "User"})),
    row("a role has no user name", YES, KEYS, allow(Null={"aws:username": "true"})),
    row("a user's name is without its path", YES, KEYS, allow(StringEquals={"aws:username": "ada"}), who=USER),
    row("without TLS", DENIED, "S3 User Guide, point 28", allow(), resource=doc(deny("s3:*", [BUCKET, BUCKET + "/*"], "*", **NO_TLS)),
        context={"aws:SecureTransport": "false"}),
    row("with TLS", YES, "S3 User Guide, point 28", allow(), resource=doc(deny("s3:*", [BUCKET, BUCKET + "/*"], "*", **NO_TLS)),
        context={"aws:SecureTransport": "true"}),
    row("a wildcard among roles by a condition", YES, PRINCIPAL + ", point 10",
        resource=doc(allow(principal="*", ArnLike={"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/read*"}))),
    row("a wildcard among roles, another", NO, PRINCIPAL,
        resource=doc(allow(principal="*", ArnLike={"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/write*"}))),
    row("outside the endpoint", DENIED, KEYS + ", point 34", allow(), resource=doc(deny(principal="*", StringNotEquals={VPCE: "vpce-1"}))),
    row("through the endpoint", YES, KEYS, allow(), resource=doc(deny(principal="*", StringNotEquals={VPCE: "vpce-1"})),
        context={VPCE: "vpce-1"}),
    row("pass a role to the service", YES, KEYS, allow("iam:PassRole", TARGET, StringEquals={"iam:PassedToService": "lambda.amazonaws.com"}),
        action="iam:PassRole", on=TARGET, context={"iam:PassedToService": "lambda.amazonaws.com"}),
    row("pass a role to another service", NO, KEYS,
        allow("iam:PassRole", TARGET, StringEquals={"iam:PassedToService": "lambda.amazonaws.com"}), action="iam:PassRole", on=TARGET,
        context={"iam:PassedToService": "ec2.amazonaws.com"}),
)  # fmt: skip

CEILINGS = (
    row("every level allows", YES, SCP + ", point 12", allow(), scp=[[FULL], [doc(allow("s3:*"))], [FULL]]),
    row("one level is silent", NO, SCP, allow(), scp=[[FULL], [doc(allow("sqs:*"))], [FULL]]),
    row("a level's policies together", YES, SCP, allow(), scp=[[doc(allow("sqs:*")), doc(allow("s3:*"))]]),
    row("a level without a policy allows nothing", NO, SCP, allow(), scp=[[FULL], []]),
    row("no levels: none assumed", YES, SCP, allow(), scp=[]),
    row("service control policies grant nothing", NO, SCP, scp=[[FULL]]),
    row("service control policies limit resource policies' grants", NO, SCP, resource=doc(allow(principal=AT)), scp=[[doc(allow(PUT))]]),
    row("a deny with a condition, met", DENIED, SCP, allow(), scp=[[FULL, doc(deny(StringNotEquals={"aws:RequestedRegion": "eu-west-1"}))]],
        context={"aws:RequestedRegion": "us-east-1"}),
    row("a deny with a condition, not met", YES, SCP, allow(), scp=[[FULL, doc(deny(StringNotEquals={"aws:RequestedRegion": "eu-west-1"}))]],
        context={"aws:RequestedRegion": "eu-west-1"}),
    row("service-linked roles are not bound", YES, SCP + ", point 12", allow(), who=LINKED, scp=[[doc(deny("*"))]], rcp=[[doc(deny(principal="*"))]]),
    row("resource control: full access is implied", YES, RCP, allow(), rcp=[[]]),
    row("resource control: full access written out", YES, RCP, allow(), rcp=[[FULL_RCP]]),
    row("resource control grants nothing", NO, RCP, rcp=[[FULL_RCP]]),
    row("resource control: outside the organization", DENIED, RCP, allow(), who=STRANGER, account=ACCOUNT, resource=doc(allow(principal="*")),
        rcp=[[doc(deny("s3:*", principal="*", StringNotEqualsIfExists={"aws:PrincipalOrgID": "o-1"}))]], context={"aws:PrincipalOrgID": "o-2"}),
    row("resource control: inside the organization", YES, RCP, allow(), who=STRANGER, account=ACCOUNT, resource=doc(allow(principal="*")),
        rcp=[[doc(deny("s3:*", principal="*", StringNotEqualsIfExists={"aws:PrincipalOrgID": "o-1"}))]], context={"aws:PrincipalOrgID": "o-1"}),
    row("no endpoint", YES, ENDPOINTS + ", point 43", allow()),
    row("endpoint lets all through", YES, ENDPOINTS, allow(), endpoint=[FULL_RCP]),
    row("endpoint is silent", NO, ENDPOINTS + ", point 43", allow(), endpoint=[doc(allow(resource="arn:aws:s3:::c/*", principal="*"))]),
    row("endpoint grants nothing", NO, ENDPOINTS, endpoint=[FULL_RCP]),
    row("endpoint for this bucket", YES, ENDPOINTS, allow(), endpoint=[doc(allow(resource="arn:aws:s3:::b/*", principal="*"))]),
    row("endpoint by principal ARN", YES, ENDPOINTS, allow(), endpoint=[doc(allow(principal="*", ArnEquals={"aws:PrincipalArn": ROLE}))]),
    row("endpoint by another's ARN", NO, ENDPOINTS, allow(), endpoint=[doc(allow(principal="*", ArnEquals={"aws:PrincipalArn": TARGET}))]),
    row("endpoint limits a session that is named", NO, ENDPOINTS, who=SESSION, resource=doc(allow(principal={"AWS": SESSION})),
        endpoint=[doc(allow(PUT, principal="*"))]),
    row("gateway or interface endpoint is not told", OPEN, ENDPOINTS, allow(), endpoint=[doc(allow(principal={"AWS": ACCOUNT}))]),
    row("interface endpoint by account", YES, ENDPOINTS, allow(SEND), action=SEND, on=QUEUE, endpoint=[doc(allow(SEND, principal={"AWS": ACCOUNT}))]),
    row("two endpoints, one is silent", NO, ENDPOINTS, allow(), endpoint=[FULL_RCP, doc(allow(PUT, principal="*"))]),
)  # fmt: skip

ROWS = (
    *BASICS, *SESSIONS_OF, *ACROSS, *SERVICES, *TRUSTS, *KEY_POLICIES, *NOT_ELEMENTS, *PATTERNS, *VARIABLE, *STRINGS, *OTHERS, *SETS,
    *CALLER, *CEILINGS,
)  # fmt: skip
