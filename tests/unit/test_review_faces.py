"""Confirming pages and faces on the page of review, and its pictures, which are off by default."""

from __future__ import annotations

import io
import itertools

import pytest
from PIL import Image
from typer.testing import CliRunner

from reports import images
from reports.actions import review
from reports.actions.role import NotAllowed
from reports.queries import kept_out
from tests.unit import reports_world
from tests.unit.identity_world import IdentityWorld, page, record, sha, shot
from tests.unit.reports_acting_world import page as opened
from tests.unit.reports_acting_world import press
from trainer.cli import app
from trainer.errors import ConfigError
from trainer.exclusions.entries import read_entries
from trainer.identity.decisions import read_identity_decisions
from trainer.runs.record import RunRecord, write_record

HOSTILE = reports_world.HOSTILE
LINK = "https://surely.example/star/elsie"
KEY = f"2:{sha(shot(1, 9))}:0"


@pytest.fixture
def world(tmp_path, monkeypatch):
    """Performer 1 links to a page of another name; the only picture of 2 shows 1."""
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.setenv("TRAINER_REPORTS_ROLE", "operator")
    found = IdentityWorld(tmp_path)
    shots = [shot(1, n) for n in (1, 2, 3)]
    context = found.run(
        "week-1",
        [
            record("boxone", 1, HOSTILE, links=(LINK,), shots=shots),
            record("boxone", 2, "x" * 300, shots=(shot(1, 9),)),
            page("surely", "elsie", "\u0645\u0631\u064a\u0645 <script>alert(1)</script>"),
        ],
    )
    found.publish(context)
    write_record(context.run, RunRecord(id="week-1", started_at="2026", status="completed"))
    for name in ("trainer.identity.confirmations", "reports.actions.review"):
        monkeypatch.setattr(f"{name}.load_sources", lambda _root: found._sources)
    return found


def said(at):
    parts = [*at.markdown, *at.success, *at.error, *at.info, *at.caption]
    return "\n".join(part.value for part in parts)


def item(world, kind):
    return next(i for i in review.items(world.data).open if i.kind == kind)


def test_the_page_confirms_a_page_with_a_reason(world):
    at = opened("review")
    doubt = item(world, "unconfirmed_page")
    at.selectbox[0].set_value(doubt.key).run()
    assert at.code[0].value == LINK
    press(at, "Confirm the page of the item")
    assert "reason is empty" in said(at)
    at.text_input(key=f"confirm-{doubt.key}-reason").input("asked her")
    press(at, "Confirm the page of the item")
    (decision,) = read_identity_decisions(world.data)
    assert decision.sides[0] == {("page:surely", "elsie")}
    press(at, "Take it back")
    assert read_identity_decisions(world.data) == []


def test_a_face_kept_out_is_shown_beside_both_people_and_confirmed(world):
    at = opened("review")
    assert "only face, another" in said(at).replace("\\", "")
    assert shot(1, 9) in [code.value for code in at.code]
    at.text_input(key=f"confirm-{KEY}-reason").input("twins")
    press(at, "Confirm the face")
    (decision,) = read_identity_decisions(world.data)
    assert decision.sides[0] == {("face", KEY.removeprefix("2:"))}


def test_a_face_kept_out_merges_two_people_or_its_picture_is_excluded(world):
    at = opened("review")
    at.text_input(key=f"exclude-{KEY}-reason").input("a stranger")
    press(at, "Exclude the picture")
    (entry,) = read_entries(world.data)
    assert (entry.kind, entry.value) == ("image", sha(shot(1, 9)))
    at.text_input(key=f"merge-{KEY}-reason").input("one person")
    press(at, "Merge these")
    assert [d.action for d in read_identity_decisions(world.data)] == ["merge"]


def test_a_viewer_confirms_nothing(world, monkeypatch):
    face, doubt = kept_out.doubted(world.data)[0], item(world, "unconfirmed_page")
    monkeypatch.setenv("TRAINER_REPORTS_ROLE", "viewer")
    for act in (
        lambda: review.confirm(world.data, "week-1", doubt, 1, "why"),
        lambda: review.confirm_doubted(world.data, face, "why"),
    ):
        with pytest.raises(NotAllowed):
            act()
    monkeypatch.setenv("TRAINER_REPORTS_ROLE", "operator")
    with pytest.raises(ConfigError, match="reason is empty"):
        review.confirm_doubted(world.data, face, " ")


def test_nothing_that_a_source_says_is_read_as_markdown(world):
    at = opened("review")
    for kind in ("unconfirmed_page", "face_of_another"):
        at.selectbox[0].set_value(item(world, kind).key).run()
        for forbidden in ("**bold**", "<script>", "[a](j", "\u202e", "https://"):
            assert forbidden not in said(at).replace(f"**{forbidden}", "")


def test_the_terminal_lists_and_confirms_too(world):
    def trainer(*arguments):
        done = CliRunner().invoke(app, ["reviews", *arguments])
        assert done.exit_code == 0, done.output
        return done.output

    assert KEY in trainer("faces")
    assert "next build applies it" in trainer("confirm-face", KEY, "--reason", "twins")
    doubt = item(world, "unconfirmed_page")
    assert "page:surely:elsie" in trainer("confirm", doubt.key, "--reason", "asked her")
    assert len(read_identity_decisions(world.data)) == 2


# Pictures


@pytest.fixture
def fetched(world):
    """The picture of the face, as it was fetched: bright on the left, dark on the right."""
    path = world.data.image(sha(shot(1, 9)))
    path.parent.mkdir(parents=True)
    image = Image.new("RGB", (800, 400))
    image.paste((250, 250, 250), (0, 0, 400, 400))
    image.save(path, "PNG")
    return path


def test_no_picture_is_shown_unless_the_operator_turned_them_on(fetched, monkeypatch):
    assert not [b for b in opened("review").button if "picture 1" in b.label]
    monkeypatch.setenv("TRAINER_REPORTS_PICTURES", "true")
    at = opened("review")
    assert any(b.label == "Show picture 1" for b in at.button)
    press(at, "Show picture 1")
    assert any(b.label == "Blur picture 1" for b in at.button)


def test_a_picture_is_small_and_blurred_until_it_is_clicked(fetched):
    def step(blurred):
        image = Image.open(io.BytesIO(images.small_jpeg(fetched, blurred) or b""))
        assert max(image.size) <= images.SIDE
        assert not image.getexif()
        row = image.convert("L").crop((0, 60, image.width, 61))
        values = list(row.tobytes())
        return max(abs(a - b) for a, b in itertools.pairwise(values))

    assert step(blurred=False) > 100  # the edge in its middle
    assert step(blurred=True) < 60


@pytest.mark.parametrize("content", [b"", b"GIF89a not allowed", b"<svg onload=alert(1)>"])
def test_what_is_no_picture_is_not_shown(fetched, monkeypatch, content):
    fetched.write_bytes(content)
    images.small_jpeg.cache_clear()
    assert images.small_jpeg(fetched, True) is None
    monkeypatch.setenv("TRAINER_REPORTS_PICTURES", "true")
    assert "can't be read" in said(opened("review"))
