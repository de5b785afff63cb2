"""A request: who asks, for which action, on what, in which context."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from lakenb.errors import Fault, PolicyError
from lakenb.iam.shown import short

_ACCOUNT = re.compile(r"[0-9]{12}")
_ACTION = re.compile(r"[A-Za-z0-9_-]+:[A-Za-z0-9_-]+")
_SERVICE = re.compile(r"[a-z0-9.-]+\.amazonaws\.com(?:\.cn)?")
_PRINCIPAL_ARN = re.compile(
    r"arn:(?P<partition>aws[a-z-]*):(?P<service>iam|sts)::(?P<account>[0-9]{12}):"
    r"(?P<sort>root|user|role|assumed-role|federated-user)(?P<rest>/[^*?]+)?"
)
_ARN_FIELDS = 6
_MEND_PRINCIPAL = (
    'give the ARN of a role, session, user or account root, {"Service": "sns.amazonaws.com"} or "anonymous"'
)


class Sort(Enum):
    """What asks."""

    ROLE = "role"
    SESSION = "session"
    USER = "user"
    FEDERATED_USER = "federated user"
    ROOT = "root user"
    SERVICE = "service"
    FEDERATED = "identity provider"
    ANONYMOUS = "anonymous caller"


_TYPES = {
    Sort.ROLE: "AssumedRole",
    Sort.SESSION: "AssumedRole",
    Sort.USER: "User",
    Sort.FEDERATED_USER: "FederatedUser",
    Sort.ROOT: "Account",
    Sort.ANONYMOUS: "Anonymous",
}


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks.

    Parameters
    ----------
    sort
        A role means: one of its sessions, whose name is not told.
    text
        The ARN, the service's name, the provider, or ``anonymous``.
    account
        Twelve digits; empty for services, providers and anonymous callers.
    name
        Of the role without its path: a session's ARN has none, and names are unique in an account.
    keys
        The context keys that follow from who asks.
    """

    sort: Sort
    text: str
    account: str = ""
    name: str = ""
    keys: Mapping[str, tuple[str, ...]] = field(default_factory=dict, compare=False, repr=False)

    @property
    def is_service_linked(self) -> bool:
        """Whether it is a role that belongs to an AWS service, which control policies do not limit."""
        return self.name.startswith("AWSServiceRoleFor") or ":role/aws-service-role/" in self.text

    @property
    def has_own_policies(self) -> bool:
        """Whether identity-based policies can exist for it."""
        return self.sort in _WITH_POLICIES


_WITH_POLICIES = frozenset({Sort.ROLE, Sort.SESSION, Sort.USER, Sort.FEDERATED_USER})


@dataclass(frozen=True, slots=True)
class Request:
    """One request; make it with `request`.

    Parameters
    ----------
    principal
        Who asks.
    action
        As written, such as ``s3:GetObject``.
    resource
        An ARN, or ``*`` for an action without a resource.
    account
        The account that the resource belongs to; empty where neither it nor the principal's is known.
    context
        Keys in lower case, each with all its values.
    is_account_assumed
        Whether nothing told the resource's account, so that it was taken for the principal's.
    """

    principal: Principal
    action: str
    resource: str
    account: str
    context: Mapping[str, tuple[str, ...]] = field(hash=False)
    is_account_assumed: bool = False

    def values(self, key: str) -> tuple[str, ...] | None:
        """Return the values of a key in lower case; None where the request does not carry it."""
        found = self.context.get(key)
        if found is None:
            found = self.principal.keys.get(key)
            if found is None and key == "aws:resourceaccount" and self.account:
                return (self.account,)
        return found

    @property
    def is_cross_account(self) -> bool:
        """Whether caller and resource belong to different accounts."""
        return bool(self.principal.account) and self.principal.account != self.account


def request(
    principal: object,
    action: str,
    resource: str,
    *,
    resource_account: str | None = None,
    context: Mapping[str, Any] | None = None,
    where: str = "request",
) -> Request:
    """Return a request.

    Parameters
    ----------
    principal
        The ARN of a role, of its session, of a user, a federated user or an account's root;
        ``{"Service": ...}``, ``{"Federated": ...}`` or ``"anonymous"``.
    action
        ``service:Name``, without wildcards.
    resource
        The ARN, without wildcards in their own sense; ``*`` for an action that has no resource.
    resource_account
        The account that the resource belongs to. By default the ARN's, else that of ``aws:ResourceAccount``,
        else the principal's: the ARNs of buckets and objects hold none.
    context
        Context keys, letter case aside, with a text, number or boolean, or a list of them. Keys that follow
        from principal and resource (``aws:PrincipalArn``, ``aws:PrincipalAccount``, ``aws:PrincipalType``,
        ``aws:username``, ``aws:PrincipalIsAWSService``, ``aws:ResourceAccount``) need not be given.
    where
        How faults name it.

    Raises
    ------
    PolicyError
        With every fault.

    Examples
    --------
    >>> asked = request("arn:aws:iam::111122223333:user/ada", "s3:GetObject", "arn:aws:s3:::b/k")
    >>> asked.account, asked.values("aws:username")
    ('111122223333', ('ada',))
    """
    faults: list[Fault] = []
    asks = _principal(principal, where, faults)
    if not (isinstance(action, str) and _ACTION.fullmatch(action)):
        faults.append(
            Fault(f"{short(action)} is no action", f"{where}.action", "name one, such as s3:GetObject")
        )
    if not (isinstance(resource, str) and resource):
        faults.append(Fault(f"{short(resource)} is no resource", f"{where}.resource", "give one ARN, or *"))
    carried = _context({} if context is None else context, f"{where}.context", faults)
    account, is_assumed = _account(resource, resource_account, carried, asks, where, faults)
    if faults:
        raise PolicyError(faults)
    return Request(asks, action, resource, account, carried, is_assumed)


def _principal(value: object, where: str, faults: list[Fault]) -> Principal:
    found: Principal | None = None
    if isinstance(value, str):
        found = _named(value)
    elif isinstance(value, Mapping) and len(value) == 1:
        ((sort, name),) = value.items()
        if isinstance(name, str):
            found = _named(name) if sort == "AWS" else _of_sort(sort, name)
    if found is None:
        faults.append(Fault(f"{short(value)} is no principal", f"{where}.principal", _MEND_PRINCIPAL))
        return _NOBODY
    return found


def _of_sort(sort: object, name: str) -> Principal | None:
    if sort == "Service" and _SERVICE.fullmatch(name):
        keys = {"aws:principalisawsservice": ("true",), "aws:principalservicename": (name,)}
        return Principal(Sort.SERVICE, name, keys=keys)
    return Principal(Sort.FEDERATED, name) if sort == "Federated" and name else None


@lru_cache(maxsize=4096)
def _named(text: str) -> Principal | None:
    if text == "anonymous":
        keys = {"aws:principaltype": ("Anonymous",), "aws:principalaccount": ("anonymous",)}
        return Principal(Sort.ANONYMOUS, text, keys=keys)
    read = _PRINCIPAL_ARN.fullmatch(text)
    if read is None:
        return None
    rest = (read["rest"] or "").split("/")[1:]
    sort = _sort(read["service"], read["sort"], rest)
    if sort is None or not all(rest):
        return None
    name = "" if sort is Sort.ROOT else rest[0] if sort is Sort.SESSION else rest[-1]
    role = f"arn:{read['partition']}:iam::{read['account']}:role/{name}"
    keys = {
        "aws:principalarn": (role if sort is Sort.SESSION else text,),
        "aws:principalaccount": (read["account"],),
        "aws:principaltype": (_TYPES[sort],),
        "aws:principalisawsservice": ("false",),
    }
    if sort is Sort.USER:
        keys["aws:username"] = (name,)
    return Principal(sort, text, read["account"], name, MappingProxyType(keys))


def _sort(service: str, sort: str, rest: Sequence[str]) -> Sort | None:
    match (service, sort, len(rest)):
        case ("iam", "root", 0):
            return Sort.ROOT
        case ("iam", "user", count) if count:
            return Sort.USER
        case ("iam", "role", count) if count:
            return Sort.ROLE
        case ("sts", "assumed-role", 2):
            return Sort.SESSION
        case ("sts", "federated-user", 1):
            return Sort.FEDERATED_USER
    return None


_NOBODY = Principal(Sort.ANONYMOUS, "")


def _context(context: object, where: str, faults: list[Fault]) -> dict[str, tuple[str, ...]]:
    carried: dict[str, tuple[str, ...]] = {}
    if not isinstance(context, Mapping):
        faults.append(Fault(f"{short(context)} is no context", where, "give an object of keys and values"))
        return carried
    for key, value in context.items():
        if type(value) is str and type(key) is str:
            values: tuple[str, ...] | None = (value,)
        else:
            several = value if isinstance(value, (list, tuple)) else (value,)
            texts = [_value(each) for each in several]
            values = None if None in texts else tuple(text for text in texts if text is not None)
        name = key.lower() if isinstance(key, str) else ""
        if values is None or not name:
            mend = "give a text, a number, true, false, or a list of them; leave out a key that is absent"
            faults.append(Fault(f"{short(value)} is no value of a key", f"{where}.{short(key)}", mend))
        elif name in carried:
            mend = "keys are the same whatever their letter case: give it once, with a list of its values"
            faults.append(Fault(f"the key {key} stands twice", f"{where}.{key}", mend))
        else:
            carried[name] = values
    return carried


def _value(value: object) -> str | None:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, (int, float)) else None


def _account(  # noqa: PLR0917 - one value from all the others, called in one place
    resource: object,
    given: object,
    carried: Mapping[str, tuple[str, ...]],
    asks: Principal,
    where: str,
    faults: list[Fault],
) -> tuple[str, bool]:
    fields = resource.split(":", _ARN_FIELDS - 1) if isinstance(resource, str) else []
    in_arn = fields[4] if len(fields) == _ARN_FIELDS and _ACCOUNT.fullmatch(fields[4]) else ""
    if given is not None:
        if not (isinstance(given, str) and _ACCOUNT.fullmatch(given)):
            faults.append(
                Fault(f"{short(given)} is no account", f"{where}.resource_account", "give twelve digits")
            )
            return "", False
        if in_arn and in_arn != given:
            what = f"the resource's ARN names the account {in_arn}, not {given}"
            faults.append(Fault(what, f"{where}.resource_account", "leave it out, or give the ARN's"))
        return given, False
    told = carried.get("aws:resourceaccount", ())
    if in_arn or len(told) == 1:
        return in_arn or told[0], False
    return asks.account, bool(asks.account)
