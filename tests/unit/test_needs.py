"""How many usable faces each record has, as far as the face cache and the crawls know."""

from __future__ import annotations

from typing import Any

from tests.unit.test_first_release import planned
from trainer.crawl.needs import face_counts
from trainer.staging.parquet import write_rows
from trainer.staging.schemas import FACES, IMAGES, PERFORMERS


def performer(number: int, *urls: str) -> dict[str, Any]:
    row = dict.fromkeys(PERFORMERS.names) | {"source": "stashdb", "source_id": f"s{number}"}
    images = [{"url": url, "width": None, "height": None, "fallback_for": None} for url in urls]
    return row | {"name": f"P {number}", "page_url": "x", "deleted": False, "images": images}


def image(url: str, sha256: str | None) -> dict[str, Any]:
    row = dict.fromkeys(IMAGES.names) | {"url": url, "source": "stashdb", "sha256": sha256}
    return row | {"status": "fetched" if sha256 else "failed", "fetched_at": "x", "run_id": "r1"}


def face(sha256: str, outcome: str) -> dict[str, Any]:
    row = dict.fromkeys(FACES.names) | {"image_sha256": sha256, "face_no": 0, "outcome": outcome}
    found = {"faces_in_image": 1, "box": [0.0, 0.0, 120.0, 120.0], "detector_score": 0.9}
    return row | found | {"sharpness": 100.0, "yaw": 0.0}


def test_faces_that_are_good_or_not_looked_at_yet_count(tmp_path):
    context = planned(tmp_path, "r1")
    directory = context.run.snapshot("stashdb")
    people = [performer(1, "a", "b", "c", "d"), performer(2, "e")]
    write_rows(directory / "performers.parquet", people, PERFORMERS)
    images = [image("a", "1" * 64), image("b", "2" * 64), image("c", None), image("d", "3" * 64)]
    write_rows(directory / "images.parquet", images, IMAGES)
    cache = context.data.faces(context.plan.pack_id)
    write_rows(cache / "part-1.parquet", [face("1" * 64, "face"), face("2" * 64, "no_face")], FACES)
    assert face_counts(cache, {"stashdb": directory}) == {("stashdb", "s1"): 2}
