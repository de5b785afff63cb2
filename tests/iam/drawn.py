"""Random small policies and cases on a tiny alphabet, and JSON of any shape."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

Json = dict[str, Any]
HOME, AWAY = "111111111111", "222222222222"
ROLE, USER = f"arn:aws:iam::{HOME}:role/r", f"arn:aws:iam::{HOME}:user/u"
_PRINCIPALS = st.sampled_from(
    [
        "*",
        *({"AWS": [name]} for name in (ROLE, USER, HOME, AWAY)),
        {"AWS": [ROLE, HOME]},
        {"AWS": [USER, AWAY]},
    ]
)
_ACTIONS = st.lists(
    st.sampled_from(["*", "s3:*", "s3:A", "s3:B", "S3:a?", "s?:*a", "s3:?*?"]), min_size=1, max_size=2
)
_WORDS = st.text("ab", max_size=3)
_GLOBS = st.text("ab*?", max_size=3)
_RESOURCES = st.lists(_GLOBS.map(lambda glob: "arn:aws:s3:::" + glob) | st.just("*"), min_size=1, max_size=2)
_OPERATORS = st.sampled_from(
    [
        f"{before}{operator}{after}"
        for before in ("", "ForAllValues:", "ForAnyValue:")
        for operator in ("StringEquals", "StringNotEquals", "StringLike", "StringNotLike")
        for after in ("", "IfExists")
        if not (before == "ForAnyValue:" and after)
    ]
    + ["StringSounds"]
)
_LINES = st.dictionaries(
    st.sampled_from(["x:k", "x:l"]),
    st.lists(st.text("ab*", min_size=1, max_size=2), min_size=1, max_size=2),
    min_size=1,
)
_NULL = st.sampled_from(["true", "false"]).map(lambda wanted: {"Null": {"x:k": [wanted]}})
_CONDITIONS = st.just({}) | st.dictionaries(_OPERATORS, _LINES, max_size=2) | _NULL


@st.composite
def statements(draw: st.DrawFn, effect: str = "", *, has_principal: bool = False) -> Json:
    made: Json = {"Effect": effect or draw(st.sampled_from(["Allow", "Allow", "Deny"]))}
    made[draw(st.sampled_from(["Action", "Action", "NotAction"]))] = draw(_ACTIONS)
    made[draw(st.sampled_from(["Resource", "Resource", "NotResource"]))] = draw(_RESOURCES)
    if has_principal:
        made["Principal"] = draw(_PRINCIPALS)
    condition = draw(_CONDITIONS)
    return made | ({"Condition": condition} if condition else {})


def documents(*, has_principal: bool = False) -> st.SearchStrategy[Json]:
    several = st.lists(statements(has_principal=has_principal), max_size=3)
    return several.map(lambda made: {"Version": "2012-10-17", "Statement": made})


@st.composite
def cases(draw: st.DrawFn) -> Json:
    request = {
        "principal": draw(st.sampled_from([ROLE, ROLE, USER, "anonymous"])),
        "action": draw(st.sampled_from(["s3:A", "s3:b", "s3:ab"])),
        "resource": "arn:aws:s3:::" + draw(_WORDS),
        "resource_account": draw(st.sampled_from([HOME, HOME, AWAY])),
        "context": draw(
            st.dictionaries(
                st.sampled_from(["x:k", "x:l"]), st.lists(st.text("ab", min_size=1, max_size=2), max_size=2)
            )
        ),
    }
    made: Json = {"request": request, "identity_policies": draw(st.lists(documents(), max_size=2))}
    if draw(st.booleans()):
        made["resource_policy"] = draw(documents(has_principal=True))
    if draw(st.booleans()):
        made["permission_boundaries"] = [draw(documents())]
    if draw(st.integers(0, 3)) == 0:
        made["session_policy"] = draw(documents())
    if draw(st.integers(0, 3)) == 0:
        made["service_control_policies"] = draw(st.lists(st.lists(documents(), max_size=2), max_size=2))
    return made


def json_values() -> st.SearchStrategy[Any]:
    leaves = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8)
    return st.recursive(
        leaves | st.sampled_from(["*", "Allow", "Deny", "s3:*", "${", "${aws:x}", "2012-10-17"]),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(_WORDS_OF_POLICIES | st.text(max_size=4), inner, max_size=4)
        ),
        max_leaves=12,
    )


_WORDS_OF_POLICIES = st.sampled_from(
    ["Version", "Statement", "Effect", "Action", "NotAction", "Resource", "Principal", "NotPrincipal",
        "Condition", "AWS",
     "Service", "StringEquals", "DateLessThan", "IpAddress", "Null", "Bool", "Sid", "request", "principal",
         "context"]
)  # fmt: skip
