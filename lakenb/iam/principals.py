"""The Principal element: whom a statement names, and how that reaches who asks.

Pages: IAM User Guide, "IAM JSON policy elements: Principal" and "NotPrincipal".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from lakenb.iam.requests import Principal, Sort
from lakenb.iam.truth import MAYBE, NO, YES, Truth

if TYPE_CHECKING:
    from collections.abc import Iterable

# How a statement names who asks. It decides which other policies still limit the request.
ITSELF: Final = 1  # the user, the session, the service
ITS_ROLE: Final = 2
ITS_ACCOUNT: Final = 4
EVERYONE: Final = 8

_ACCOUNT = re.compile(r"[0-9]{12}")
_ROOT = re.compile(r"arn:aws[a-z-]*:iam::([0-9]{12}):root")
_NAMED = re.compile(
    r"arn:aws[a-z-]*:(?:iam::([0-9]{12}):(role|user)/.+|sts::([0-9]{12}):(assumed-role/[^/]+|federated-user)/[^/]+)"
)
_UNIQUE_ID = re.compile(r"A[A-Z0-9]{15,}")
SORTS = ("AWS", "Service", "Federated", "CanonicalUser")


@dataclass(frozen=True, slots=True)
class Named:
    """Everybody whom a statement names.

    Parameters
    ----------
    texts
        As written, for explanations.
    has_everyone
        Whether ``*`` is among them, alone or under ``AWS``.
    arns
        Users, roles, sessions.
    accounts
        Accounts, however they were written.
    roles
        Account and name of each role, without its path.
    sessions
        Account and role name of each session.
    users_of
        Accounts of named users.
    services, providers
        Services and identity providers.
    has_canonical
        Whether an S3 canonical user is among them: whose it is, is not told here.
    has_any_service
        Whether every service is.
    """

    texts: tuple[str, ...]
    has_everyone: bool
    arns: frozenset[str]
    accounts: frozenset[str]
    roles: frozenset[tuple[str, str]]
    sessions: frozenset[tuple[str, str]]
    users_of: frozenset[str]
    services: frozenset[str]
    providers: frozenset[str]
    has_canonical: bool
    has_any_service: bool

    def reach(self, asks: Principal) -> tuple[int, int]:
        """Return how who asks is named: what is certain, and what is possible, as sums of the constants."""
        certain = EVERYONE if self.has_everyone else 0
        possible = certain
        if asks.sort is Sort.SERVICE:
            certain |= ITSELF if asks.text in self.services else 0
            # "*" under Service is documented for some elements only
            possible |= certain | (ITSELF if self.has_any_service else 0)
            return certain, possible
        if asks.sort is Sort.FEDERATED:
            certain |= ITSELF if asks.text in self.providers else 0
            return certain, possible | certain
        if asks.account in self.accounts:
            certain |= ITS_ACCOUNT
        if asks.sort is not Sort.ROOT and asks.text in self.arns:
            certain |= ITS_ROLE if asks.sort is Sort.ROLE else ITSELF
        possible |= certain
        if asks.sort is Sort.SESSION:
            if self._names_role_of(asks):
                certain |= ITS_ROLE
                possible |= ITS_ROLE
        elif asks.sort is Sort.ROLE and (asks.account, asks.name) in self.sessions:
            possible |= ITSELF  # which session asks is not told
        elif asks.sort is Sort.FEDERATED_USER and asks.account in self.users_of:
            possible |= ITS_ROLE  # which user made the session is not told
        if self.has_canonical and asks.account:
            possible |= ITS_ACCOUNT | ITSELF
        return certain, possible

    def _names_role_of(self, asks: Principal) -> bool:
        told = asks.keys.get("aws:principalarn", ("",))[0]
        return told in self.arns or (asks.account, asks.name) in self.roles

    def exempts(self, asks: Principal, *, has_boundary: bool) -> Truth:
        """Return whether a NotPrincipal that names these leaves out who asks.

        A user or session must be named with all that it belongs to: the session, its role and its account. A
        principal with a permissions boundary is never left out (IAM User Guide, "Permissions boundaries").
        """
        if has_boundary and asks.has_own_policies:
            return NO
        certain, possible = self.reach(asks)
        if certain & EVERYONE:
            return YES
        needed = {
            Sort.USER: ITSELF | ITS_ACCOUNT,
            Sort.FEDERATED_USER: ITSELF | ITS_ACCOUNT,
            Sort.ROLE: ITSELF | ITS_ROLE | ITS_ACCOUNT,
            Sort.SESSION: ITSELF | ITS_ROLE | ITS_ACCOUNT,
            Sort.ROOT: ITS_ACCOUNT,
            Sort.SERVICE: ITSELF,
            Sort.FEDERATED: ITSELF,
            Sort.ANONYMOUS: EVERYONE,
        }[asks.sort]
        if certain & needed == needed:
            return YES
        return MAYBE if possible & needed == needed else NO


def named(pairs: Iterable[tuple[str, str]]) -> Named:
    """Compile pairs of sort and name.

    Raises
    ------
    ValueError
        If one of them is none that AWS accepts; the message is a sentence.

    Examples
    --------
    >>> user = named([("AWS", "111122223333")])
    >>> sorted(user.accounts)
    ['111122223333']
    """
    pairs = list(pairs)
    arns = [name for sort, name in pairs if sort == "AWS" and name != "*"]
    accounts, roles, sessions, users = set(), set(), set(), set()
    for arn in arns:
        root = _ROOT.fullmatch(arn)
        if root or _ACCOUNT.fullmatch(arn):
            accounts.add(root[1] if root else arn)
            continue
        _refuse_wrong(arn)
        read = _NAMED.fullmatch(arn)
        if read is None:
            continue  # the id of somebody deleted: it names nobody any more
        if read[2] == "role":
            roles.add((read[1], arn.rsplit("/", 1)[1]))
        elif read[2] == "user":
            users.add(read[1])
        elif read[4] != "federated-user":
            sessions.add((read[3], arn.split("/")[1]))
    services = frozenset(name for sort, name in pairs if sort == "Service")
    return Named(
        texts=tuple(name for _, name in pairs),
        has_everyone=any(name == "*" and sort in {"*", "AWS"} for sort, name in pairs),
        arns=frozenset(arns),
        accounts=frozenset(accounts),
        roles=frozenset(roles),
        sessions=frozenset(sessions),
        users_of=frozenset(users),
        services=services,
        providers=frozenset(name for sort, name in pairs if sort == "Federated"),
        has_canonical=any(sort == "CanonicalUser" for sort, _ in pairs),
        has_any_service="*" in services,
    )


def _refuse_wrong(name: str) -> None:
    if "*" in name or "?" in name:
        raise ValueError(
            f"the principal {name!r} has a wildcard: name it in full, or everyone with the condition "
            "key aws:PrincipalArn"
        )
    if not (_NAMED.fullmatch(name) or _UNIQUE_ID.fullmatch(name)):
        raise ValueError(f"{name!r} is no principal: give an account, or the ARN of a role, session or user")
