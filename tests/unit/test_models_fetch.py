"""`trainer models`: downloads that go on, are checked to the last bit, and ask for the licence."""

from __future__ import annotations

import hashlib
import re

import pytest

from tests.web_server import Answer, Asked, serving
from trainer.cli.models import fetch, pack_lines, pack_rows
from trainer.config.settings import Settings
from trainer.embedding.fetch import ATTEMPTS, CHUNK, fetch_pack
from trainer.embedding.lock import LockedPack, load_lock
from trainer.embedding.make_pack import ensure_pack
from trainer.embedding.pack import PACK_FILE, read_pack
from trainer.errors import ConfigError, StageFailed
from trainer.staging.paths import DataDir

CONTENT = {name: name.encode() * 50_000 for name in ("detector", "arcface", "facenet")}


class Shelf:
    """What the server does: `cut` bytes are sent of a file before the connection ends, once."""

    def __init__(self) -> None:
        self.base = ""
        self.ranges = True
        self.cut: dict[str, int] = {}
        self.status: dict[str, list[int]] = {}
        self.content = dict(CONTENT)
        self.asked: list[tuple[str, str | None]] = []

    def answer(self, asked: Asked) -> Answer:
        name = asked.path.strip("/").removesuffix(".onnx")
        wanted = asked.headers.get("range")
        self.asked.append((name, wanted))
        if self.status.get(name):
            return self.status[name].pop(0), {}, b""
        body = self.content[name]
        first = re.match(r"bytes=(\d+)-", wanted or "")
        start = int(first[1]) if first and self.ranges else 0
        if start and start >= len(body):
            return 416, {}, b""
        length = {"Content-Length": str(len(body) - start)}
        return 206 if start else 200, length, body[start : self.cut.pop(name, None)]


@pytest.fixture
def shelf():
    shelf = Shelf()
    with serving(shelf.answer) as shelf.base:
        yield shelf


def locked(shelf: Shelf, **detector: object) -> LockedPack:
    """The pack `sidecar` with small files of the shelf's."""
    content = load_lock()["sidecar"].model_dump(mode="json")
    for role, entry in content["files"].items():
        entry |= {
            "file": f"{role}.onnx",
            "url": f"{shelf.base}/{role}.onnx",
            "sha256": hashlib.sha256(CONTENT[role]).hexdigest(),
            "size": len(CONTENT[role]),
        }
    content["files"]["detector"] |= detector
    return LockedPack.model_validate(content)


def get(shelf, out, **options):
    pack = options.pop("pack", None) or locked(shelf)
    return fetch_pack("sidecar", pack, out, wait=lambda _: None, **options)


def test_a_pack_is_downloaded_and_can_be_read(shelf, tmp_path, caplog):
    info = get(shelf, tmp_path)
    assert read_pack(tmp_path) == info
    assert {p.name for p in tmp_path.glob("*.onnx*")} == {f"{role}.onnx" for role in CONTENT}
    assert any("MIT" in line and shelf.base in line for line in caplog.messages)
    assert any(
        f"{len(CONTENT['arcface'])} bytes of arcface.onnx" in line for line in caplog.messages
    )


def test_nothing_is_downloaded_twice(shelf, tmp_path):
    get(shelf, tmp_path)
    shelf.asked.clear()
    get(shelf, tmp_path)
    assert shelf.asked == []


def test_a_broken_connection_goes_on_from_the_bytes_at_hand(shelf, tmp_path):
    shelf.cut["arcface"] = 2 * CHUNK + 500
    get(shelf, tmp_path)
    asked = [wanted for name, wanted in shelf.asked if name == "arcface"]
    assert asked == [None, f"bytes={2 * CHUNK}-"]


def test_a_server_without_ranges_is_asked_for_the_whole_file_again(shelf, tmp_path):
    shelf.ranges, shelf.cut["arcface"] = False, 70_000
    get(shelf, tmp_path)
    assert (tmp_path / "arcface.onnx").read_bytes() == CONTENT["arcface"]


def test_a_download_that_was_killed_goes_on(shelf, tmp_path):
    (tmp_path / "facenet.onnx.part").write_bytes(CONTENT["facenet"][:1000])
    get(shelf, tmp_path)
    assert ("facenet", "bytes=1000-") in shelf.asked


def test_all_bytes_at_hand_need_no_request(shelf, tmp_path):
    (tmp_path / "facenet.onnx.part").write_bytes(CONTENT["facenet"])
    get(shelf, tmp_path)
    assert "facenet" not in [name for name, _ in shelf.asked]


def test_all_bytes_of_a_file_of_unknown_size_end_with_a_refused_range(shelf, tmp_path):
    (tmp_path / "detector.onnx.part").write_bytes(CONTENT["detector"])
    get(shelf, tmp_path, pack=locked(shelf, size=None))
    assert (tmp_path / "detector.onnx").read_bytes() == CONTENT["detector"]


def test_other_bytes_than_the_locked_ones_are_thrown_away(shelf, tmp_path):
    shelf.content["arcface"] = CONTENT["arcface"][:-1] + b"!"
    with pytest.raises(StageFailed, match="locked is"):
        get(shelf, tmp_path)
    assert not list(tmp_path.glob("arcface*"))
    assert not (tmp_path / PACK_FILE).exists()


def test_a_busy_server_is_asked_again_and_a_missing_file_is_not(shelf, tmp_path):
    shelf.status["detector"] = [503, 429]
    get(shelf, tmp_path)
    assert [name for name, _ in shelf.asked].count("detector") == 3
    shelf.status["arcface"] = [404] * ATTEMPTS
    with pytest.raises(StageFailed, match="HTTP 404"):
        get(shelf, tmp_path / "other")
    assert len(shelf.status["arcface"]) == ATTEMPTS - 1


def test_a_server_that_stays_down_is_given_up(shelf, tmp_path):
    shelf.status["detector"] = [500] * ATTEMPTS
    with pytest.raises(StageFailed, match="HTTP 500; what was fetched is kept"):
        get(shelf, tmp_path)
    assert shelf.status["detector"] == []


def test_a_non_commercial_licence_must_be_accepted_before_anything_is_asked(shelf, tmp_path):
    pack = locked(shelf, non_commercial=True, licence="research only")
    with pytest.raises(ConfigError, match=r"research only.*--accept-licence"):
        get(shelf, tmp_path, pack=pack)
    assert shelf.asked == []
    assert not list(tmp_path.iterdir())
    assert get(shelf, tmp_path, pack=pack, accept_licence=True).name == "sidecar"


def test_every_locked_pack_says_its_licences_and_sizes():
    rows = load_lock()
    assert set(rows) == {"demo", "demo-stashface", "sidecar", "sidecar-scrfd", "stashface"}
    assert rows["sidecar-scrfd"].non_commercial
    assert not rows["sidecar"].non_commercial
    ids = {pack.info(name).pack_id for name, pack in rows.items()}
    assert len(ids) == len(rows)


def settings(root) -> Settings:
    return Settings().model_copy(update={"data_dir": root})


def test_the_list_says_what_is_here(shelf, tmp_path):
    lines = pack_lines(pack_rows(DataDir(tmp_path)))
    assert all("not here" in line for line in lines)
    get(shelf, DataDir(tmp_path).model_pack("sidecar"))
    states = {row["name"]: row["state"] for row in pack_rows(DataDir(tmp_path))}
    assert states["sidecar"].startswith("another one: sidecar-")
    (DataDir(tmp_path).model_pack("sidecar") / "arcface.onnx").write_bytes(b"x")
    states = {row["name"]: row["state"] for row in pack_rows(DataDir(tmp_path))}
    assert states["sidecar"].startswith("damaged: ")


def test_an_unknown_pack_names_the_known_ones(tmp_path):
    with pytest.raises(ConfigError, match="demo, demo-stashface, sidecar, sidecar-scrfd"):
        fetch(settings(tmp_path), "nothing", False)


def test_a_build_with_a_pack_that_is_not_here_says_how_to_get_it(tmp_path):
    wanted = settings(tmp_path).model_copy(update={"model_pack": "sidecar"})
    with pytest.raises(ConfigError, match="trainer models fetch sidecar"):
        ensure_pack(wanted)
