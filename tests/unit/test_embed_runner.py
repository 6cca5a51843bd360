"""Trainer's side of the embedder: pack verification, container spec, environment, verdict."""

from __future__ import annotations

import hashlib
import json
import os
import re
import sys
from pathlib import Path

import pytest

from tests.log_hook import on_log
from trainer.config.environment import for_program
from trainer.config.jobs import EmbedJob
from trainer.config.settings import Settings
from trainer.embedding import process_runner
from trainer.embedding import spec as spec_module
from trainer.embedding.docker_runner import create_arguments, start_failure
from trainer.embedding.lock import load_lock
from trainer.embedding.pack import PackInfo, read_pack
from trainer.embedding.runner import run_shard
from trainer.embedding.shard_result import read_shard_result
from trainer.embedding.spec import container_spec, prepare_directories
from trainer.errors import ConfigError, DamagedFileError, StageFailed
from trainer.staging.manifest import StageManifest


def _pack(directory: Path) -> PackInfo:
    """A pack of three small files, with the demo pack's rules."""
    directory.mkdir(parents=True, exist_ok=True)
    content = load_lock()["demo"].info("demo").model_dump(mode="json")
    for role, entry in content["files"].items():
        (directory / entry["file"]).write_bytes(role.encode())
        entry["sha256"] = hashlib.sha256(role.encode()).hexdigest()
    info = PackInfo.model_validate(content)
    info = info.model_copy(update={"pack_id": info.expected_id()})
    (directory / "pack.json").write_text(info.model_dump_json())
    return info


def test_pack_is_read_and_every_change_is_noticed(tmp_path: Path) -> None:
    info = _pack(tmp_path)
    assert read_pack(tmp_path) == info
    (tmp_path / "arcface.onnx").write_bytes(b"arcfacE")
    with pytest.raises(DamagedFileError, match=r"arcface\.onnx"):
        read_pack(tmp_path)
    _pack(tmp_path)
    text = (tmp_path / "pack.json").read_text()
    (tmp_path / "pack.json").write_text(text.replace('"nms_iou":0.3', '"nms_iou":0.4'))
    with pytest.raises(DamagedFileError, match="does not fit its content"):
        read_pack(tmp_path)
    with pytest.raises(ConfigError, match="no model pack here"):
        read_pack(tmp_path / "none")


def test_pack_id_follows_files_and_preprocessing_but_not_wording() -> None:
    info = load_lock()["demo"].info("demo")
    assert info.pack_id == info.expected_id()
    rule = info.facenet.model_copy(update={"divide": 127.5})
    assert info.model_copy(update={"facenet": rule}).expected_id() != info.pack_id
    assert info.model_copy(update={"algorithm": 99}).expected_id() != info.pack_id
    entry = info.files["arcface"].model_copy(update={"origin": "elsewhere"})
    files = {**info.files, "arcface": entry}
    assert info.model_copy(update={"files": files}).expected_id() == info.pack_id


def _job(root: Path, **change: object) -> tuple[Settings, Path, EmbedJob]:
    report = root / "runs" / "r 1" / "embed" / "000-of-001"
    report.mkdir(parents=True, exist_ok=True)
    for name in ("images", "models/demo"):
        (root / name).mkdir(parents=True, exist_ok=True)
    job = EmbedJob.model_validate(
        {
            "run_id": "manual__2026-01-31T12:00:00+00:00",
            "shard": "000-of-001",
            "images_dir": root / "images",
            "model_dir": root / "models/demo",
            "pack_id": "demo-0",
            "cache_dir": root / "faces" / "demo-0",
            "report_dir": report,
            "images": [],
            "started_at": "2026-01-31T12:00:00Z",
            **change,
        }
    )
    path = report / "job.json"
    path.write_text(job.model_dump_json())
    return Settings.load(root), path, job


def test_container_is_locked_down(tmp_path: Path) -> None:
    spec = container_spec(*_job(tmp_path))
    arguments = create_arguments(spec)
    assert arguments["network_mode"] == "none" and arguments["read_only"] is True
    assert arguments["cap_drop"] == ["ALL"]
    assert arguments["security_opt"] == ["no-new-privileges"]
    assert arguments["user"].split(":")[0] != "0" and arguments["mem_limit"] == "4g"
    assert arguments["device_requests"] is None and arguments["environment"] == {}
    readable = "sst-embed-000-of-001-manual__2026-01-31T12-00-00-00-00"
    assert re.fullmatch(rf"{readable}-[0-9a-f]{{8}}", spec.name)
    writable = {mount["Target"] for mount in arguments["mounts"] if not mount["ReadOnly"]}
    assert writable == {
        str(tmp_path / "faces/demo-0"),
        str(tmp_path / "runs/r 1/embed/000-of-001"),
    }
    assert all(mount["Source"] == mount["Target"] for mount in arguments["mounts"])


def test_gpu_is_asked_for_and_its_absence_explained(tmp_path: Path) -> None:
    spec = container_spec(*_job(tmp_path, device="cuda"))
    (request,) = create_arguments(spec)["device_requests"]
    assert request["Capabilities"] == [["gpu"]]
    error = start_failure('could not select device driver "" with capabilities: [[gpu]]')
    assert isinstance(error, ConfigError) and "NVIDIA Container Toolkit" in str(error)
    assert isinstance(start_failure("no space left"), StageFailed)


def test_relative_paths_and_missing_directories_are_refused(tmp_path: Path) -> None:
    settings, path, job = _job(tmp_path)
    with pytest.raises(ConfigError, match="must be absolute"):
        container_spec(settings, path, job.model_copy(update={"cache_dir": Path("faces")}))
    spec = container_spec(settings, path, job)
    (tmp_path / "images").rmdir()
    with pytest.raises(ConfigError, match="images: missing"):
        prepare_directories(spec)


def test_user_is_the_owner_of_the_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    owner = tmp_path.stat()
    user = container_spec(*_job(tmp_path)).user
    fallback = f"{spec_module.FALLBACK_UID}:{spec_module.FALLBACK_UID}"
    assert user == (f"{owner.st_uid}:{owner.st_gid}" if owner.st_uid else fallback)


def test_environment_has_no_secrets() -> None:
    got = for_program(
        {"PATH": "/bin", "STASHDB_API_KEY": "k", "CUDA_VISIBLE_DEVICES": "0", "PASSWORD": "p"}
    )
    assert got == {"PATH": "/bin", "CUDA_VISIBLE_DEVICES": "0"}


def _program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: str) -> None:
    """Stand in for the embedder: `python -m embedder` runs `body`."""
    package = tmp_path / "fake" / "embedder"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "__main__.py").write_text(body)
    monkeypatch.setattr(process_runner, "REPO_ROOT", package.parent)
    monkeypatch.setenv("TRAINER_EMBEDDER_PYTHON", sys.executable)
    monkeypatch.setenv("SECRET_API_KEY", "hunter2")


def test_a_program_that_dies_is_a_failed_stage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    body = """import os, sys
print('SECRET_API_KEY' in os.environ, flush=True)
sys.exit('error: disk is full')
"""
    _program(tmp_path, monkeypatch, body)
    _, path, job = _job(tmp_path)
    (job.report_dir / "_RUN.json").write_text("{}")  # of an earlier attempt: no verdict
    with pytest.raises(StageFailed, match="disk is full"):
        run_shard(Settings.load(tmp_path), path)
    assert caplog.messages == ["False", "error: disk is full"]


def test_a_stop_ends_the_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    body = "import os, time; print(os.getpid(), flush=True); time.sleep(600)"
    _program(tmp_path, monkeypatch, body)
    _, path, _ = _job(tmp_path)
    seen: list[int] = []

    def stop(line: str) -> None:
        seen.append(int(line))
        raise KeyboardInterrupt

    with on_log(stop), pytest.raises(KeyboardInterrupt):
        run_shard(Settings.load(tmp_path), path)
    with pytest.raises(ProcessLookupError):
        os.kill(seen[0], 0)


def test_verdict(tmp_path: Path) -> None:
    with pytest.raises(StageFailed, match="left no report; it last said: boom"):
        read_shard_result(tmp_path, "boom")
    good = {"run_id": "r", "stage": "embed", "name": "0", "status": "complete"}
    times = {"started_at": "2026-01-31T12:00:00Z", "completed_at": "2026-01-31T12:01:00Z"}
    StageManifest.model_validate({**good, **times}).write(tmp_path)
    assert read_shard_result(tmp_path).status == "complete"
    (tmp_path / "_RUN.json").write_text(json.dumps({**good, **times, "status": "failed"}))
    with pytest.raises(StageFailed, match="the embedder failed"):
        read_shard_result(tmp_path)
    (tmp_path / "_RUN.json").write_text("{")
    with pytest.raises(StageFailed, match="unreadable"):
        read_shard_result(tmp_path)


def test_missing_python_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAINER_EMBEDDER_PYTHON", str(tmp_path / "python"))
    _, path, _ = _job(tmp_path)
    with pytest.raises(ConfigError, match="make setup"):
        run_shard(Settings.load(tmp_path), path)
