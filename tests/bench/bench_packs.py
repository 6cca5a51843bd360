"""A second model pack: what it costs, and what its consumer answers. `make bench-packs`.

Three builds of the demo world: one pack, the other one, and both. Both have to give the indexes
that each alone gives; the four files of the second one's release name pictures that the world never
showed, through a server written from the contract alone.
"""

from __future__ import annotations

import json
import resource
import shutil
import sqlite3
import time
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from demo import make_images
from demo.world import DEMO_KEY, World
from tests.embed_job import PACKAGES, Bench, demo_pack, embedder_python
from tests.stashface_server import Server
from trainer.config.environment import for_program
from trainer.config.settings import REPO_ROOT
from trainer.processes.child import run_child
from trainer.release.contract import INDEXES
from trainer.staging.atomic import read_json, sha256_file

ROOT = REPO_ROOT / "var" / "bench" / "packs"
PASSWORD = "of the bench"  # noqa: S105 - opens what is measured here
FIRST, SECOND = "demo", "demo-stashface"
CONF = {"max_faces_per_source": 20, "max_faces_total": 20}


def main() -> None:
    shutil.rmtree(ROOT, ignore_errors=True)
    shown = ROOT / "pictures"
    assert make_images.main(["--packages", str(PACKAGES), "--out", str(shown)]) == 0
    for name in (FIRST, SECOND):
        demo_pack(name)
    builds = {}
    with World(week=1, images=shown) as world:
        for packs in (FIRST, SECOND, f"{FIRST},{SECOND}"):
            builds[packs] = _build(ROOT / packs, packs, world.port)
    both = builds[f"{FIRST},{SECOND}"]["release"]
    found = {
        "builds": {packs: made["figures"] for packs, made in builds.items()},
        "same_indexes": {
            FIRST: _same(both, builds[FIRST]["release"]),
            SECOND: _same(both / "packs" / SECOND, builds[SECOND]["release"]),
        },
        "vote": read_json(both / "packs" / SECOND / "evaluate.json")["vote"],
        "held_out": _held_out(both, shown),
    }
    print(json.dumps(found, indent=2))  # noqa: T201


def _build(root: Path, packs: str, port: int) -> dict[str, Any]:
    root.mkdir(parents=True)
    source = {
        "base_url": f"http://127.0.0.1:{port}/graphql",
        "requests_per_minute": 12_000,
        "page_size": 10,
        "max_faces": 20,
        "retries": 1,
    }
    (root / "sources.yaml").write_text(yaml.safe_dump({"stashdb": source}))
    for name in packs.split(","):
        (root / "models").mkdir(exist_ok=True)
        (root / "models" / name).symlink_to(demo_pack(name)[0])
    environment = {
        "DATA_DIR": str(root),
        "STASHDB_API_KEY": DEMO_KEY,
        "TRAINER_ALLOW_PRIVATE_HOSTS": "1",
        "TRAINER_ALLOW_DEMO_PACK": "1",
        "TRAINER_MODEL_PACKS": packs,
        "TRAINER_EMBEDDER_PYTHON": str(embedder_python()),
        "TRAINER_EXPORT_FOR": "stashface",
        "TRAINER_STASHFACE_PASSWORD": PASSWORD,
    }
    before, began = _children(), time.monotonic()
    python = str(REPO_ROOT / ".venv" / "bin" / "python")
    code = run_child(
        [python, "-m", "trainer", "build", "--conf", json.dumps(CONF)],
        cwd=REPO_ROOT,
        environment={**for_program(), **environment},
        log_file=root / "build.log",
        on_line=lambda _line: None,
    )
    assert code == 0, (root / "build.log").read_text()[-3000:]
    record = read_json(next(root.glob("runs/*/run.json")))
    seconds = {name: step["seconds"] for name, step in record["steps"].items()}
    figures = {
        "cpu_seconds": round(_children() - before, 1),
        "seconds": round(time.monotonic() - began, 1),
        "embed": sum(s for name, s in seconds.items() if name.startswith("embed-")),
        "select_to_gate": sum(
            seconds[n] for n in ("select", "build_release", "verify", "evaluate", "gate")
        ),
        "pictures": record["embed"]["embedded"],
    }
    return {"figures": figures, "release": (root / "releases" / "current").resolve()}


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _same(one: Path, other: Path) -> bool:
    return all(sha256_file(one / n) == sha256_file(other / n) for n in (*INDEXES, "faces.json"))


def _held_out(release: Path, shown: Path) -> dict[str, Any]:
    """Pictures of listed people that the world never showed: how many are named right."""
    described = read_json(shown / "pictures.json")["pictures"]
    held_out = {e["sha256"]: e["person"] for e in described if e.get("held_out")}
    bench = Bench(ROOT / "held-out")
    for entry in described:
        if entry["sha256"] in held_out:
            bench.add(entry["id"], (shown / entry["file"]).read_bytes())
    model_dir, pack_id = demo_pack(SECOND)
    code, output = bench.run(model_dir=str(model_dir), pack_id=pack_id)
    assert code == 0, output
    folder = next(
        path for path in (ROOT / f"{FIRST},{SECOND}" / "export").iterdir() if path.is_dir()
    )
    server = Server(folder, PASSWORD)
    person_of = _people(release / "packs" / SECOND, {e["sha256"]: e["person"] for e in described})
    asked = right = 0
    for row in bench.table().to_pylist():
        person = held_out[row["image_sha256"]]
        if (
            row["outcome"] != "face"
            or row["faces_in_image"] > 1
            or person not in person_of.values()
        ):
            continue
        vectors = [np.frombuffer(row[s], "<f2").astype("f4") for s in ("facenet", "arcface")]
        asked += 1
        right += person_of[server.answers(*vectors)[0][0]] == person
    return {"files": sorted(p.name for p in folder.iterdir()), "asked": asked, "right": right}


def _people(release: Path, person_of_image: dict[str, str]) -> dict[str, str]:
    """UUID of each performer -> the synthetic person that the pictures show."""
    with sqlite3.connect(release / "performers.db") as db:
        rows = db.execute(
            "SELECT s.stashbox_performer_id, v.image_sha256 FROM faces f "
            "JOIN face_provenance v ON v.face_id = f.id "
            "JOIN stashbox_ids s ON s.performer_id = f.performer_id AND s.endpoint = 'stashdb'"
        ).fetchall()
    return {uuid: person_of_image[sha] for uuid, sha in rows}


if __name__ == "__main__":
    main()
