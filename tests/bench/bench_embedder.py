"""`make bench-embedder`: the embedder against its own models, against DeepFace, and over time.

Ratios of one run on the same pictures; also written to var/bench/embedder.json. What was made
(pictures, packs) is kept in var/bench. BENCH_PICTURES, BENCH_TWICE, BENCH_MANY and BENCH_ROUNDS
change how much is measured.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from tests.bench.embed.images import make_images, make_many
from tests.bench.embed.memory import Sampler
from tests.bench.embed.packs import EMBEDDER, EXPORT, demo_pack, production_pack, tiny_pack
from trainer.config.settings import REPO_ROOT
from trainer.embedding.pack import read_pack
from trainer.staging.atomic import write_json

ROOT = REPO_ROOT / "var" / "bench"
IMAGES = int(os.environ.get("BENCH_PICTURES", "120"))
TWICE = int(os.environ.get("BENCH_TWICE", "400"))
MANY = int(os.environ.get("BENCH_MANY", "20000"))
ROUNDS = os.environ.get("BENCH_ROUNDS", "3")
DEEPFACE_IMAGES = 20
BATCH = 16


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def job_file(name: str, model_dir: Path, images_dir: Path, images: list[str]) -> Path:
    """A job in its own directory, which starts empty."""
    root = ROOT / "jobs" / name
    shutil.rmtree(root, ignore_errors=True)
    job = {
        "run_id": "bench",
        "shard": "000-of-001",
        "images_dir": str(images_dir),
        "model_dir": str(model_dir),
        "pack_id": read_pack(model_dir).pack_id,
        "cache_dir": str(root / "faces"),
        "report_dir": str(root / "report"),
        "images": images,
        "device": os.environ.get("TRAINER_DEVICE", "cpu"),
        "precision": os.environ.get("TRAINER_PRECISION", "fp32"),
        "batch": BATCH,
        "started_at": "2026-01-01T00:00:00Z",
    }
    write_json(root / "job.json", job)
    return root / "job.json"


def program(python: Path, *arguments: object) -> dict[str, Any]:
    """The JSON that a step prints last."""
    command = [str(part) for part in (python, "-m", *arguments)]
    done = subprocess.run(command, cwd=REPO_ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stderr[-2000:]}")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def share(name: str, model_dir: Path, images: list[str]) -> dict[str, float]:
    """Models alone / pipeline, in turns; medians."""
    say(f"{name}: models alone and the pipeline in turns, {len(images)} pictures")
    job = job_file(name, model_dir, ROOT / "images", images)
    found = program(EMBEDDER, "tests.bench.embed.share", job, ROUNDS)
    median = {key: statistics.median(found[key]) for key in ("models", "pipeline", "with_start")}
    result = {
        "share": median["models"] / median["pipeline"],
        "share_with_start": median["models"] / median["with_start"],
        "pictures_per_second": len(images) / median["pipeline"],
        "rows": found["rows"],
    }
    say(f"  models {median['models']:.1f} s, pipeline {median['pipeline']:.1f} s")
    say(f"  share {result['share']:.3f}, with the decoders' start {result['share_with_start']:.3f}")
    return result


def deepface(model_dir: Path, images: list[str], per_second: float) -> dict[str, float]:
    """How many times as fast as DeepFace's own way, both models, on the CPU."""
    say(f"DeepFace.represent, both models, {DEEPFACE_IMAGES} pictures")
    home = ROOT / "deepface"
    weights = home / ".deepface" / "weights"
    weights.mkdir(parents=True, exist_ok=True)
    for model in ("facenet512", "arcface"):
        shutil.copyfile(model_dir / model / "random.h5", weights / f"{model}_weights.h5")
    detector = "face_detection_yunet_2023mar.onnx"
    shutil.copyfile(model_dir / "detector.onnx", weights / detector)
    listed = home / "pictures.json"
    chosen = images[:: max(1, len(images) // DEEPFACE_IMAGES)][:DEEPFACE_IMAGES]
    write_json(listed, [str(ROOT / "images" / sha[:2] / sha) for sha in chosen])
    # DeepFace tells files by their names.
    links = home / "pictures"
    links.mkdir(exist_ok=True)
    paths = []
    for sha in chosen:
        shutil.copyfile(ROOT / "images" / sha[:2] / sha, links / f"{sha}.jpg")
        paths.append(str(links / f"{sha}.jpg"))
    write_json(listed, paths)
    found = program(EXPORT, "tests.bench.embed.deepface_time", home, listed, len(paths))
    theirs = len(paths) / found["seconds"]
    say(f"  {theirs:.2f} pictures a second; the embedder {per_second / theirs:.1f} times as many")
    return {"pictures_per_second": theirs, "times": per_second / theirs, "faces": found["faces"]}


def run_job(job: Path, sampler: Sampler | None = None) -> float:
    """Seconds of the whole program on a job."""
    begun = time.perf_counter()
    child = subprocess.Popen(
        [EMBEDDER, "-m", "embedder", job], cwd=REPO_ROOT, stdout=subprocess.DEVNULL
    )
    if sampler is not None:
        sampler.watch(child)
    if child.wait():
        raise SystemExit(f"the embedder failed on {job}")
    return time.perf_counter() - begun


def twice(name: str, model_dir: Path, images: list[str]) -> dict[str, float]:
    """The whole program, and again over the same pictures."""
    say(f"{name}: the whole program, twice")
    job = job_file(f"{name}-twice", model_dir, ROOT / "images", images)
    first, second = run_job(job), run_job(job)
    say(f"  first {first:.1f} s, second {second:.2f} s: {second / first:.2%}")
    return {"first_s": first, "second_s": second, "second_share": second / first}


def many(model_dir: Path) -> dict[str, Any]:
    """Memory and time over many pictures with models that cost nothing."""
    images_dir = ROOT / "many"
    say(f"memory over {MANY} pictures with tiny models")
    job = job_file("many", model_dir, images_dir, make_many(images_dir, MANY))
    sampler = Sampler(job.parent / "report" / "progress.json")
    first = run_job(job, sampler)
    second = run_job(job)
    marks = sampler.at([MANY // 10, MANY // 2, MANY])
    say(f"  {', '.join(f'{mb:.0f} MB at {at}' for at, mb in marks.items())}")
    say(f"  {MANY / first:.0f} pictures a second; the second run takes {second / first:.2%}")
    return {
        "megabytes_at": marks,
        "peak_megabytes": sampler.peak,
        "pictures_per_second": MANY / first,
        "second_share": second / first,
    }


def main() -> None:
    say(f"making {IMAGES} pictures and the packs (kept in {ROOT})")
    images = make_images(ROOT / "images", IMAGES)
    demo = demo_pack(ROOT / "packs" / "demo")
    result: dict[str, Any] = {"pictures": IMAGES, "cores": os.cpu_count(), "batch": BATCH}
    production = production_pack(ROOT / "packs" / "production", demo)
    if production is None:
        say(f"NOT MEASURED: the production architectures and DeepFace; {EXPORT} is missing")
        say("  `make export-setup` installs TensorFlow and DeepFace (2.5 GB)")
    else:
        result["production"] = share("production", production, images)
        per_second = result["production"]["pictures_per_second"]
        result["deepface"] = deepface(production, images, per_second)
        result["again"] = twice("production", production, make_images(ROOT / "images", TWICE))
    result["demo"] = share("demo", demo, images)
    result["many"] = many(tiny_pack(ROOT / "packs" / "tiny"))
    write_json(ROOT / "embedder.json", result)
    say(f"written to {ROOT / 'embedder.json'}")


if __name__ == "__main__":
    main()
