from __future__ import annotations

from dataclasses import replace

import pytest

import lakenb as lk
from lakenb.views.picture import picture
from lakenb.views.picture.depict import FACETS, depict
from lakenb.views.picture.fold import MOST_BOXES, folded
from lakenb.views.picture.scene import Kind, Part, Scene
from lakenb.views.seen import UNINTENDED, SeenGrant
from tests.examples import chain
from tests.views.pictured import branches, fan, parsed, picture_of, seen_of, texts


def scene_of(pipe: lk.Pipeline) -> Scene:
    return depict(seen_of(pipe), frozenset(FACETS), pipe.id)


def test_sixty_nodes_stay_as_they_are_and_one_more_folds() -> None:
    assert len(folded(scene_of(fan(58))).boxes) == 60
    assert len(folded(scene_of(fan(59))).boxes) < MOST_BOXES


def test_siblings_become_one_box_that_says_who_they_are() -> None:
    scene = folded(scene_of(fan(70)))
    group = next(box for box in scene.boxes if box.part is Part.GROUP)
    assert group.title == "70 x recursive-character-text-splitter"
    assert group.caption == "part-00, part-01, … part-69"
    assert len(group.details) == 70
    assert "SSE-S3, key AWS owned" in {line.text for line in group.lines}


def test_a_run_becomes_one_box_that_counts_what_is_inside() -> None:
    scene = folded(scene_of(chain(198)))
    assert [box.title for box in scene.boxes] == [
        "inbox",
        "198 x recursive-character-text-splitter",
        "results",
    ]
    assert ("inside", "197 x reads") in {(line.word, line.text) for line in scene.boxes[1].lines}
    assert [arrow.lines[0] for arrow in scene.arrows] == ["GetObject inbox/*", "GetObject n-197/*"]


@pytest.mark.parametrize("count", [12, 40, 200])
def test_arrows_between_groups_keep_kind_and_count(count: int) -> None:
    before, after = scene_of(branches(count)), folded(scene_of(branches(count)))
    assert len(after.boxes) <= MOST_BOXES
    assert after.kinds() == before.kinds()
    for kind in (Kind.FORWARDED, Kind.UNINTENDED):
        assert sum(a.count for a in after.arrows if a.kind is kind) == sum(
            a.kind is kind for a in before.arrows
        )


def test_the_order_in_which_a_pipeline_is_written_changes_no_group() -> None:
    inbox, store = lk.S3Trigger("inbox"), lk.S3Storage("results")
    handles = [inbox.pipe(lk.RecursiveCharacterTextSplitter(f"part-{n}")).pipe(store) for n in range(70)]
    straight = lk.Pipeline("fan", *handles)
    handles.reverse()
    assert folded(scene_of(straight)) == folded(scene_of(lk.Pipeline("fan", *handles)))


@pytest.mark.parametrize(
    ("holder", "owner"), [("part-07", "part-08"), ("part-07", "inbox"), ("nobody", "part-07")]
)
def test_folding_never_hides_what_nobody_asked_for(holder: str, owner: str) -> None:
    row = SeenGrant(
        "", holder, "s3:GetObject", f"{owner}/*", "", UNINTENDED, "unintended", "objects", owner, "*"
    )
    base = seen_of(fan(70))
    seen = replace(base, grants=tuple(sorted((*base.grants, row))))
    drawn = picture(seen)
    shown = texts(drawn)
    assert "NOT INTENDED" in shown
    assert f"s3:GetObject {owner}/*" in shown
    assert "part-07" in shown, "its ends are drawn for themselves"


def test_a_shape_with_neither_siblings_nor_runs_folds_too() -> None:
    layer = [lk.S3Trigger("inbox").handle()]
    for depth in range(9):
        steps = [lk.RecursiveCharacterTextSplitter(f"n-{depth}-{place}") for place in range(9)]
        layer = [
            step.with_sources(
                *(producer for index, producer in enumerate(layer) if (index + place) % 3 or depth == 0)
            )
            for place, step in enumerate(steps)
        ]
    store = lk.S3Storage("results")
    scene = folded(scene_of(lk.Pipeline("mesh", *(handle.pipe(store) for handle in layer))))
    assert len(scene.boxes) <= MOST_BOXES


def test_where_everything_leads_everywhere_fewer_nodes_fold() -> None:
    layer = [lk.S3Trigger("inbox").handle()]
    for depth in range(4):
        steps = [lk.RecursiveCharacterTextSplitter(f"n-{depth}-{place}") for place in range(7)]
        layer = [step.with_sources(*layer) for step in steps]
    store = lk.S3Storage("results")
    drawn = picture_of(lk.Pipeline("dense", *(handle.pipe(store) for handle in layer)))
    assert float(parsed(drawn.svg).get("viewBox", "").split()[2]) <= 1300
    assert "30 boxes folded to" in drawn.text


def test_a_thousand_nodes_are_drawn() -> None:
    drawn = picture_of(fan(1000))
    assert drawn.svg
    assert "1002 boxes folded to 3" in drawn.text
