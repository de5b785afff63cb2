from __future__ import annotations

import re
import subprocess
import sys
from copy import deepcopy
from dataclasses import FrozenInstanceError, replace
from typing import TYPE_CHECKING, Any

import pytest

import lakenb as lk
from lakenb.records.attempt import Attempt
from lakenb.views.picture import Picture, picture, values
from lakenb.views.picture.depict import FACETS, depict
from lakenb.views.picture.encryption import bucket_encryption, queue_encryption, topic_encryption
from lakenb.views.picture.wording import filter_text
from lakenb.views.seen import seen
from tests.examples import chain, letters
from tests.views.pictured import fan, forwarding, parsed, picture_of, seen_of, texts, tooltips, with_stranger

if TYPE_CHECKING:
    from pathlib import Path


def arrows(drawn: Picture) -> list[str]:
    """Return the drawing's arrows as the graph's text has them."""
    return [line for line in drawn.dot.splitlines() if " -> " in line and "id=e" in line]


def test_every_edge_says_action_and_object_pattern() -> None:
    shown = texts(picture_of(letters()))
    for label in ("GetObject inbox/letters/*", "GetObject paragraphs/*", "GetObject sentences/*"):
        assert label in shown
    assert "if size > 100" in shown


def test_every_node_says_part_kind_store_and_key() -> None:
    shown = texts(picture_of(letters()))
    for word in ("paragraphs", "transformer", "recursive-character-text-splitter", "trigger", "connector"):
        assert any(word in text for text in shown)
    assert shown.count("SSE-S3, key AWS owned") == 4


def test_a_pass_through_node_has_no_store_of_its_own() -> None:
    assert "none of its own" in texts(picture_of(forwarding()))


def test_a_forwarded_read_is_drawn_from_the_store_to_the_reader() -> None:
    drawn = picture_of(forwarding())
    names = {"chunks": "n1", "results": "n3"}
    forwarded = [line for line in arrows(drawn) if "arrowhead=onormal" in line]
    assert len(forwarded) == 1
    assert forwarded[0].lstrip().startswith(f"{names['chunks']} -> {names['results']} ")
    assert "style=dashed" in forwarded[0]
    assert "forwarded by mark" in forwarded[0]


def test_an_edge_that_only_carries_messages_says_so() -> None:
    only = [line for line in arrows(picture_of(forwarding())) if "arrowhead=vee" in line]
    assert len(only) == 1
    assert "message only" in only[0]
    assert "SendMessage results.queue" in only[0]


def test_a_grant_that_nobody_asked_for_is_named_with_its_holder() -> None:
    drawn = picture(with_stranger(letters()))
    shown = texts(drawn)
    assert "NOT INTENDED" in shown
    assert "s3:GetObject inbox/*" in shown
    assert "not a node of the pipeline" in shown
    assert any("Audit" in text for text in shown)
    assert "1 NOT INTENDED" in drawn.text
    assert any("arrowhead=tee" in line and "style=bold" in line for line in arrows(drawn))


@pytest.mark.parametrize("kinds", [("documents",), ("messages",), ("cache",)])
def test_no_choice_of_kinds_hides_what_nobody_asked_for(kinds: tuple[str, ...]) -> None:
    assert "NOT INTENDED" in texts(picture(with_stranger(letters()), kinds=kinds))


def test_a_grant_that_the_template_lacks_is_told() -> None:
    pipe = letters()
    template = deepcopy(pipe.template())
    for policy in template["Resources"]["ResultsRole"]["Properties"]["Policies"]:
        document = policy["PolicyDocument"]
        document["Statement"] = [one for one in document["Statement"] if one.get("Sid") != "PutStore"]
    drawn = picture(seen(pipe, template))
    assert any("s3:PutObject results/*" in text for text in texts(drawn))
    assert "MISSING" in drawn.text


def test_the_store_is_read_from_the_template_and_not_from_the_model() -> None:
    pipe = letters()
    template = deepcopy(pipe.template())
    del template["Resources"]["ResultsStore"]["Properties"]["BucketEncryption"]
    assert "encryption not set" in texts(picture(seen(pipe, template)))


def test_cache_alone_is_a_cylinder_with_dotted_arrows() -> None:
    drawn = picture_of(letters(), kinds=["cache"])
    shown = texts(drawn)
    assert "shape=cylinder" in drawn.dot
    assert "GetObject cache/*" in shown
    assert "PutObject cache/paragraphs/*" in shown
    assert all("style=dotted" in line for line in arrows(drawn))
    assert len(arrows(drawn)) == 3


def test_documents_alone_have_no_messages() -> None:
    drawn = picture_of(forwarding(), kinds=["documents"])
    assert not any("essage" in text for text in texts(drawn))
    assert any("GetObject chunks/*" in text for text in texts(drawn))


def test_messages_alone_show_queues_and_topics() -> None:
    shown = texts(picture_of(letters(), kinds="messages"))
    assert "SendMessage results.queue" in shown
    assert "SSE-SQS, key AWS owned" in shown
    assert "no encryption at rest" in shown
    assert not any("GetObject" in text for text in shown)


def test_what_a_service_may_is_not_said_of_the_node() -> None:
    shown = texts(picture_of(letters(), kinds="messages"))
    assert shown[shown.index("s3.amazonaws.com may ") + 1] == "SendMessage inbox.queue"
    assert "ReceiveMessage (and 2 more) inbox.queue" in shown


@pytest.mark.parametrize(
    ("pipe", "words"),
    [(letters, ("reads documents",)), (forwarding, ("reads documents", "forwarded read", "message: thin"))],
)
def test_the_legend_explains_the_kinds_that_are_there_and_no_others(
    pipe: Any, words: tuple[str, ...]
) -> None:
    shown = texts(picture_of(pipe()))
    known = ("reads documents", "forwarded read", "message: thin", "access to the cache", "NOT INTENDED: ")
    assert tuple(word for word in known if any(text.startswith(word) for text in shown)) == words


def test_the_same_value_gives_the_same_bytes_in_another_process() -> None:
    drawn = picture_of(letters())
    code = (
        "import sys; from tests.examples import letters; from tests.views.pictured import picture_of;"
        "drawn = picture_of(letters()); sys.stdout.buffer.write(drawn.svg.encode() + drawn.png)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert done.stdout == drawn.svg.encode() + drawn.png
    assert done.stderr == b""


def test_an_svg_stands_alone_scales_and_is_named() -> None:
    root = parsed(picture_of(letters()).svg)
    # a width of its own would be cut off at the right edge of a narrow notebook
    assert root.get("width") is None
    wide = (root.get("viewBox") or "").split()[2]
    assert root.get("style") == f"max-width:{wide}px"
    assert root.get("role") == "img"
    assert (root.get("aria-label") or "").startswith("letters: 4 nodes, 4 edges")
    style = root[0].text or ""
    assert "width:100%;height:auto" in style
    assert "prefers-color-scheme:dark" in style


def test_no_rule_of_the_style_reaches_outside_the_picture() -> None:
    root = parsed(picture_of(letters()).svg)
    style = re.sub(r"@media [^{]+", "", root[0].text or "")
    for selectors in re.findall(r"([^{}]+)\{", style):
        assert all(root.get("class", "?") in selector for selector in selectors.split(","))


def test_nothing_in_an_svg_has_an_id() -> None:
    # two pictures in one page must not refer to each other's parts
    assert not any(element.get("id") for element in parsed(picture_of(letters()).svg).iter())


def test_a_png_is_twice_as_sharp_as_it_is_shown() -> None:
    drawn = picture_of(letters())
    data, metadata = drawn._repr_mimebundle_()
    assert set(data) == {"image/svg+xml", "image/png", "text/plain"}
    pixels = int.from_bytes(data["image/png"][16:20], "big")
    assert pixels / metadata["image/png"]["width"] == pytest.approx(2, rel=0.02)


def test_boxes_and_arrows_have_every_grant_in_their_tooltips() -> None:
    drawn = picture_of(letters())
    arrow = next(tip for tip in tooltips(drawn, "edge") if "letters/*" in tip)
    assert "paragraphs: s3:GetObject inbox/letters/*" in arrow
    assert "sqs:SendMessage paragraphs.queue if aws:SourceArn" in arrow
    assert any("s3:AbortMultipartUpload results/*" in tip for tip in tooltips(drawn, "node"))


@pytest.mark.parametrize("suffix", [".svg", ".png", ".dot", ".SVG"])
def test_it_is_saved_in_the_form_that_the_suffix_names(suffix: str, tmp_path: Path) -> None:
    drawn = picture_of(letters())
    file = drawn.save(tmp_path / f"letters{suffix}")
    expected = {".svg": drawn.svg.encode(), ".png": drawn.png, ".dot": drawn.dot.encode()}
    assert file.read_bytes() == expected[suffix.lower()]


def test_another_suffix_is_refused_with_those_that_there_are(tmp_path: Path) -> None:
    with pytest.raises(
        lk.OptionError, match=r"cannot be saved as '\.pdf'[\s\S]*mend:  end it in \.dot, \.png, \.svg"
    ):
        picture_of(letters()).save(tmp_path / "letters.pdf")
    assert not list(tmp_path.iterdir())


def test_kinds_that_there_are_not_are_refused() -> None:
    with pytest.raises(
        lk.OptionError, match=r"cannot be 'dokuments'[\s\S]*choose of documents, messages, cache"
    ):
        picture_of(letters(), kinds=["documents", "dokuments"])
    with pytest.raises(lk.OptionError, match="none at all"):
        picture_of(letters(), kinds=[])


def test_without_a_layout_program_there_is_text_and_the_reason(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.setattr("sysconfig.get_path", lambda name: str(tmp_path / name))
    drawn = picture_of(letters())
    assert set(drawn._repr_mimebundle_()[0]) == {"text/plain"}
    assert "GetObject inbox/letters/*" in repr(drawn)
    assert repr(drawn).endswith(
        "(no drawing: neither graphviz-pure nor dot is installed: pip install graphviz-pure)"
    )
    with pytest.raises(lk.OptionError, match=r"no drawing to save[\s\S]*mend:  save it as \.dot"):
        drawn.save(tmp_path / "letters.svg")


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("exec sleep 60", "the layout was not done in 0.2 s"),
        ("echo no memory >&2; exit 3", "the layout program failed: no memory"),
        ("echo this is no picture", "no drawing: "),
    ],
)
def test_a_layout_that_fails_costs_the_drawing_alone(
    script: str, reason: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    program = tmp_path / "graphviz-pure"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    scene = depict(seen_of(letters()), frozenset(FACETS), "letters")
    without = values.drawn(scene, seconds=0.2)
    assert without.svg == ""
    assert reason in repr(without)


def test_a_picture_is_a_value() -> None:
    drawn = picture_of(letters())
    assert drawn == picture_of(letters())
    with pytest.raises(FrozenInstanceError):
        drawn.svg = ""  # type: ignore[misc]  # what is tried
    assert replace(drawn, note="x") != drawn


def test_text_aligns_nodes_and_edges() -> None:
    lines = picture_of(letters()).text.splitlines()
    assert lines[0] == "letters: 4 nodes, 4 edges, 53 grants in the template, none unintended"
    assert "inbox       trigger, s3-trigger                             store SSE-S3, key AWS owned" in lines
    assert "inbox -> paragraphs      reads  GetObject inbox/letters/*" in lines


@pytest.mark.parametrize("pipe", [letters(), chain(5), chain(48), fan(48)], ids=lambda pipe: pipe.id)
def test_text_is_nine_pixels_high_in_a_notebook(pipe: lk.Pipeline) -> None:
    root = parsed(picture_of(pipe).svg)
    smallest = min(
        float(text.get("font-size", "0")) for text in root.iter("{http://www.w3.org/2000/svg}text")
    )
    assert smallest * min(1, 1050 / float((root.get("viewBox") or "").split()[2])) >= 9


def test_many_alike_nodes_say_once_what_they_share() -> None:
    drawn = picture_of(chain(48))
    shown = texts(drawn)
    assert sum("PutObject, Abort <id>/*" in text for text in shown) == 1
    assert "GetObject n-17/*" in shown
    assert sum(text == "n-17" for text in shown) == 1


@pytest.mark.parametrize(
    ("properties", "told"),
    [
        ({}, "encryption not set"),
        ({"BucketEncryption": "nonsense"}, "encryption not set"),
        ({"BucketEncryption": {"ServerSideEncryptionConfiguration": []}}, "encryption not set"),
    ],
)
def test_a_bucket_without_an_encryption_that_can_be_read_says_so(
    properties: dict[str, Any], told: str
) -> None:
    assert bucket_encryption(properties) == told


@pytest.mark.parametrize(
    ("algorithm", "key", "told"),
    [
        ("aws:kms", {"Ref": "Key"}, "SSE-KMS, key Key"),
        ("aws:kms:dsse", "arn:aws:kms:eu-west-1:1:key/a", "DSSE-KMS, key arn:aws:kms:eu-west-1:1:key/a"),
        ("aws:kms", None, "SSE-KMS, key aws/s3, AWS managed"),
        ("rot13", None, "encryption rot13"),
    ],
)
def test_a_key_is_named(algorithm: str, key: Any, told: str) -> None:
    default = {"SSEAlgorithm": algorithm} | ({} if key is None else {"KMSMasterKeyID": key})
    rules = [{"ServerSideEncryptionByDefault": default}]
    assert bucket_encryption({"BucketEncryption": {"ServerSideEncryptionConfiguration": rules}}) == told


def test_queues_and_topics_say_how_they_are_encrypted() -> None:
    assert queue_encryption({"SqsManagedSseEnabled": False}) == "not encrypted"
    assert queue_encryption({"KmsMasterKeyId": "alias/a"}) == "SSE-KMS, key alias/a"
    assert queue_encryption({}) == "encryption not set"
    assert topic_encryption({"KmsMasterKeyId": "alias/a"}) == "SSE-KMS, key alias/a"


@pytest.mark.parametrize(
    ("wanted", "told"),
    [
        (lk.when("data.document.size").between(1, 9), "1 <= size <= 9"),
        (lk.when("data.document.type").starts_with("image/"), "type = image/*"),
        (lk.when("source.x").exists(), "has source.x"),
        (lk.when("data.metadata.a").equals("yes") | lk.when("data.metadata.b").lte(2), "a = yes or b <= 2"),
        (~(lk.when("data.a").gte(1) & lk.when("data.b").equals("c")), "not (a >= 1 and b = c)"),
    ],
)
def test_a_filter_is_said_short(wanted: Any, told: str) -> None:
    assert filter_text(wanted) == told


def test_the_fixture_of_seen_is_of_the_template() -> None:
    assert seen_of(letters()).messages == (
        ("inbox", "paragraphs"),
        ("paragraphs", "results"),
        ("paragraphs", "sentences"),
        ("sentences", "results"),
    )


def test_what_the_server_refused_is_drawn_and_what_it_allowed_is_not() -> None:
    def tried(resource: str, *, allowed: bool, who: str = "sentences") -> Attempt:
        message = "" if allowed else "no identity-based policy allows it"
        return Attempt(who, "s3:PutObject", resource, allowed, 403, "", message, "")

    attempts = [
        tried("cache/paragraphs/x", allowed=False),
        tried("cache/sentences/x", allowed=True),
        tried("s3://elsewhere/x", allowed=False),
        tried("paragraphs.queue", allowed=False, who="deployer"),
    ]
    shown = letters().draw("cache", attempts=attempts)
    words = shown.text.splitlines()
    assert sorted(line.split() for line in words if "DENIED" in line) == [
        ["deployer", "->", "paragraphs", "DENIED", "PutObject", "paragraphs.queue"],
        ["sentences", "->", "cache", "DENIED", "PutObject", "cache/paragraphs/x"],
        ["sentences", "->", "s3://elsewhere/x", "DENIED", "PutObject", "s3://elsewhere/x"],
    ]
    assert "cache/sentences/x" not in shown.text
    assert "no identity-based policy allows it" in shown.svg  # the tooltip
    assert "DENIED: tried, and refused by the server" in shown.svg
    assert "none unintended" in words[0]
