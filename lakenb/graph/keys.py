"""Customer managed keys, as a pipeline names them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal, Protocol, cast, get_args

from lakenb.errors import Fault
from lakenb.graph.options import shown, wrong_type

KeyPer = Literal["pipeline", "node", "store"]
KEY_PER: tuple[str, ...] = get_args(KeyPer)
# Amazon SQS API Reference, SetQueueAttributes, KmsDataKeyReusePeriodSeconds
_REUSE = (timedelta(minutes=1), timedelta(days=1))
_ARN = re.compile(r"arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key/[A-Za-z0-9-]+")
_ALIAS = re.compile(r"(?:arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:)?alias/[A-Za-z0-9:/_-]{1,249}")
_TOKEN = re.compile(r"\$\{Token\[[A-Za-z0-9:._-]+\]\}")


class NamedKey(Protocol):
    """Whatever has the ARN of a key, such as a key of CDK."""

    @property
    def key_arn(self) -> str:
        """The key's ARN."""
        ...


@dataclass(frozen=True, slots=True)
class Key:
    """A customer managed key: one that the stack makes, or a given one.

    Parameters
    ----------
    given
        ARN or alias (``alias/contracts``) of a key that exists, or a key of CDK, whose ARN is taken. Without
        it the stack makes the key: rotated every year, kept when the stack is deleted.
    data_key_reuse
        Time for which SQS uses one data key (a minute to a day): longer is cheaper, shorter asks the key
        more often.
    """

    given: str | NamedKey = ""
    data_key_reuse: timedelta = timedelta(minutes=5)

    def __post_init__(self) -> None:
        """Keep a key's ARN instead of the key, so that this stays a value."""
        arn = getattr(self.given, "key_arn", None)
        if isinstance(arn, str):
            object.__setattr__(self, "given", arn)

    @property
    def name(self) -> str:
        """The ARN or alias that was given; empty for a key that the stack makes."""
        return cast("str", self.given)

    @property
    def is_made(self) -> bool:
        """Whether the stack makes the key."""
        return self.given == ""

    @property
    def is_alias(self) -> bool:
        """Whether an alias was given."""
        return _ALIAS.fullmatch(self.name) is not None

    def faults(self, where: str) -> list[Fault]:
        """Return what is wrong with the key."""
        faults = []
        if not isinstance(self.given, str):
            faults.append(wrong_type("key", self.given, "an ARN, an alias or a key of CDK", where))
        elif self.given and not any(shape.fullmatch(self.given) for shape in (_ARN, _ALIAS, _TOKEN)):
            what = f"key is {shown(self.given)}, which is neither a key's ARN nor an alias"
            mend = "write 'arn:aws:kms:REGION:ACCOUNT:key/ID' or 'alias/NAME', or lk.Key() for a new one"
            faults.append(Fault(what, where, mend))
        least, most = _REUSE
        reuse = self.data_key_reuse
        if not isinstance(reuse, timedelta):
            faults.append(wrong_type("data_key_reuse", reuse, "a timedelta", where))
        elif not least <= reuse <= most or reuse % timedelta(seconds=1):
            what = f"data_key_reuse is {shown(reuse)}; SQS takes whole seconds, a minute to a day"
            faults.append(Fault(what, where, "such as timedelta(minutes=5)"))
        return faults


def as_key(value: object) -> object:
    """Return a key for what may stand for one: None, a key, its ARN or alias, or a key of CDK."""
    if value is None or isinstance(value, Key):
        return value
    if isinstance(value, str) or isinstance(getattr(value, "key_arn", None), str):
        return Key(cast("str", value)) if value != "" else value
    return value


def key_faults(key: object, where: str) -> list[Fault]:
    """Return what is wrong with the option ``key``, once `as_key` took it."""
    if key is None:
        return []
    if not isinstance(key, Key):
        return [wrong_type("key", key, "lk.Key(), a key's ARN, an alias, or a key of CDK", where)]
    return key.faults(where)


def key_per_faults(key: Key | None, key_per: object, where: str) -> list[Fault]:
    """Return what is wrong with the option ``key_per``."""
    if key_per not in KEY_PER:
        what = f"key_per is {shown(key_per)}"
        return [Fault(what, where, f"one of {', '.join(map(repr, KEY_PER))}")]
    if key_per == "pipeline":
        return []
    if key is None:
        what = f"key_per is {shown(key_per)}, and there is no key"
        return [Fault(what, where, "add key=lk.Key(), or leave key_per out")]
    if not key.is_made:
        what = f"key_per is {shown(key_per)}, and the one key {shown(key.given)} is given"
        mend = "let the stack make the keys (key=lk.Key()), or give nodes keys of their own: Step(key=...)"
        return [Fault(what, where, mend)]
    return []
