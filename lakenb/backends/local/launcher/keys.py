"""Who may call: the run's deployer and the functions' roles, each with a secret of this run."""

from __future__ import annotations

import datetime as dt
import json
import secrets
import threading
from dataclasses import dataclass
from typing import Any, Final

from . import border

_IAM: Final = "ministack.services.iam"
_USER_ID: Final = "AIDALAKENBDEPLOYER00"
DEPLOYER: Final = "lakenb-deployer"
_ALLOW_ALL: Final = json.dumps(
    {"Version": "2012-10-17",
     "Statement": [{"Sid": "DeployerMayDoAll", "Effect": "Allow", "Action": "*", "Resource": "*"}]}
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Key:
    """An access key and its secret."""

    access_key: str
    secret_key: str


def install(account: str, region: str, key: Key) -> None:
    """Make the deployer's user, refuse the emulator's well-known root keys, give roles random secrets.

    Parameters
    ----------
    account, region
        Where the deployer's user lives.
    key
        The deployer's key: random, of this run.
    """
    border.replace("ministack.core.iam_evaluator", "is_root_access_key", lambda _: _is_never_root)
    border.replace("ministack.services.sts", "is_root_access_key", lambda _: _is_never_root)
    credentials = RoleCredentials()
    border.replace("ministack.core.lambda_runtime", "execution_credentials", lambda _: credentials)
    border.replace("ministack.services.lambda_svc", "execution_credentials", lambda _: credentials)
    make_deployer(account, region, key)


def _is_never_root(access_key_id: str) -> bool:  # noqa: ARG001 - the emulator's signature
    """Return False: nobody is above the policies, whatever key they send."""
    return False


def make_deployer(account: str, region: str, key: Key) -> None:
    """Put the deployer's user, with a policy that allows all, and its key into the emulator's IAM."""
    now = dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    with border.of("ministack.core.responses", "request_scope")(account, region):
        border.of(_IAM, "_users")[DEPLOYER] = {
            "UserName": DEPLOYER, "Arn": f"arn:aws:iam::{account}:user/{DEPLOYER}", "UserId": _USER_ID,
            "CreateDate": now, "Path": "/", "PermissionsBoundary": "", "AttachedPolicies": [], "Tags": [],
        }  # fmt: skip
        border.of(_IAM, "_user_inline_policies")[DEPLOYER] = {"AllowAll": _ALLOW_ALL}
        border.of(_IAM, "_access_keys")[key.access_key] = {
            "UserName": DEPLOYER, "AccessKeyId": key.access_key, "SecretAccessKey": key.secret_key,
            "Status": "Active", "CreateDate": now,
        }  # fmt: skip


class RoleCredentials:
    """Session credentials of a function's role: random, one set a function and role.

    The emulator derives them from the function's name: any function could compute another's.
    """

    def __init__(self) -> None:
        self._given: dict[tuple[str, str], dict[str, str]] = {}
        self._lock = threading.Lock()

    def __call__(self, config: dict[str, Any]) -> dict[str, str]:
        """Return the environment variables that carry the role's credentials."""
        function, role = config.get("FunctionArn", ""), config.get("Role", "")
        with self._lock:
            given = self._given.get((function, role))
            if given is None:
                given = self._given[function, role] = self._register(config, role)
        return dict(given)

    @staticmethod
    def _register(config: dict[str, Any], role: str) -> dict[str, str]:
        access_key = f"ASIA{secrets.token_hex(8).upper()}"
        secret, token = secrets.token_urlsafe(30), secrets.token_urlsafe(60)
        session = session_arn(role, config.get("FunctionName", ""))
        border.of("ministack.services.sts", "register_session")(
            access_key,
            {"Arn": session, "UserId": ":".join(session.split("/")[-2:]), "SecretAccessKey": secret,
             "SessionToken": token},
        )  # fmt: skip
        return {"AWS_ACCESS_KEY_ID": access_key, "AWS_SECRET_ACCESS_KEY": secret, "AWS_SESSION_TOKEN": token}


def session_arn(role: str, function: str) -> str:
    """Return the principal as which a function calls: its role's session, named like the function."""
    account = role.split(":")[4]
    return f"arn:aws:sts::{account}:assumed-role/{role.rsplit('/', 1)[-1]}/{function[:64]}"
