"""Where every file of a DATA_DIR lies. Nothing else in the project spells these names."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from trainer.staging.names import older_run_id, run_id_from

__all__ = ["RUN_MANIFEST", "DataDir", "RunDir", "run_id_from"]
RUN_MANIFEST = "_RUN.json"


@dataclass(frozen=True)
class DataDir:
    """The layout of DATA_DIR."""

    root: Path

    @property
    def state_db(self) -> Path:
        return self.root / "state.db"

    @property
    def runs(self) -> Path:
        return self.root / "runs"

    @property
    def runs_json(self) -> Path:
        return self.root / "runs.json"

    @property
    def releases(self) -> Path:
        return self.root / "releases"

    @property
    def current(self) -> Path:
        return self.releases / "current"

    @property
    def exports(self) -> Path:
        return self.root / "export"

    @property
    def lock(self) -> Path:
        return self.root / ".build.lock"

    @property
    def images(self) -> Path:
        return self.root / "images"

    @property
    def budget(self) -> Path:
        """When each host and each source may be asked next, for all crawls of the machine."""
        return self.root / "budget"

    def image(self, sha256: str) -> Path:
        """The bytes of one fetched picture."""
        return self.images / sha256[:2] / sha256

    def faces(self, pack: str) -> Path:
        """The face cache of one model pack; `pack` is the pack's id with its identity hash."""
        return self.root / "faces" / pack

    def model_pack(self, name: str) -> Path:
        return self.root / "models" / name

    def release(self, version_id: str) -> Path:
        return self.releases / version_id

    def performers_link(self, version_id: str) -> Path:
        return self.root / f"performers_{version_id}.db"

    def run(self, run_id: str) -> RunDir:
        """The directory of a run by our id or by Airflow's; one that an older trainer made of the
        same text, without a hash, is found."""
        name = run_id_from(run_id)
        if name != run_id and not (self.runs / name).is_dir():
            older = older_run_id(run_id)
            if older and RunDir(self.runs / older).is_older:
                name = older
        return RunDir(self.runs / name)


@dataclass(frozen=True)
class RunDir:
    """The layout of one run's directory."""

    root: Path

    @property
    def run_id(self) -> str:
        return self.root.name

    @property
    def origin(self) -> Path:
        """The id that the run was triggered by, as it was given."""
        return self.root / "origin.json"

    @property
    def is_older(self) -> bool:
        """A run of a trainer that did not yet note which id a run was triggered by."""
        return self.root.is_dir() and not self.origin.exists()

    @property
    def record(self) -> Path:
        return self.root / "run.json"

    @property
    def plan(self) -> Path:
        return self.root / "plan.json"

    @property
    def embed_plan(self) -> Path:
        return self.root / "embed" / "plan.json"

    @property
    def resolve(self) -> Path:
        return self.root / "resolve"

    @property
    def select(self) -> Path:
        return self.root / "select"

    @property
    def nearest_faces(self) -> Path:
        """What the contamination scan compared; the next run's goes on from it."""
        return self.select / "nearest.parquet"

    @property
    def similar_performers(self) -> Path:
        """What the search for performers listed twice compared; the next run's goes on from it."""
        return self.select / "similar.parquet"

    @property
    def release(self) -> Path:
        """The release while it is being built; renamed into DATA_DIR/releases on publish."""
        return self.root / "release"

    def staging(self, source: str) -> Path:
        return self.root / "staging" / source

    def crawl_job(self, source: str) -> Path:
        return self.root / "staging" / f"{source}.job.json"

    def targets(self, source: str) -> Path:
        """The pages that a reference site is asked for."""
        return self.root / "targets" / f"{source}.parquet"

    def snapshot(self, source: str) -> Path:
        return self.root / "snapshot" / source

    def embed_shard(self, shard: str) -> Path:
        return self.root / "embed" / shard

    def step(self, name: str) -> Path:
        """The marker (and result) of a finished step."""
        return self.root / "steps" / f"{name}.json"

    def working(self, step: str) -> Path:
        """Where a long step keeps its progress."""
        return self.root / "working" / step

    def log(self, name: str) -> Path:
        return self.root / "logs" / f"{name}.log"
