"""Where the files and directories of a DATA_DIR lie.

Names inside of a snapshot, a release or a step's directory belong to the modules that write them.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from trainer.staging.names import older_run_id, run_id_from

__all__ = ["PACKS", "RUN_MANIFEST", "DataDir", "RunDir", "run_id_from"]
RUN_MANIFEST = "_RUN.json"
PACKS = "packs"  # in a run and in a release: what is of further model packs


@dataclass(frozen=True)
class DataDir:
    """The layout of DATA_DIR."""

    root: Path

    @property
    def state_db(self) -> Path:
        """The database of permanent ids, decisions and published releases."""
        return self.root / "state.db"

    @property
    def runs(self) -> Path:
        """The directory with one folder per run."""
        return self.root / "runs"

    @property
    def runs_json(self) -> Path:
        """The list of all runs, derived from their records."""
        return self.root / "runs.json"

    @property
    def releases(self) -> Path:
        """The directory of the published releases."""
        return self.root / "releases"

    @property
    def current(self) -> Path:
        """The symlink to the release that consumers load."""
        return self.releases / "current"

    @property
    def exports(self) -> Path:
        """The directory of the zips and deltas for publishing."""
        return self.root / "export"

    @property
    def lock(self) -> Path:
        """The lock file that a build holds while it runs."""
        return self.root / ".build.lock"

    @property
    def images(self) -> Path:
        """The directory of the fetched pictures, by sha256."""
        return self.root / "images"

    @property
    def quarantine(self) -> Path:
        """The directory of damaged files that were set aside."""
        return self.root / "quarantine"

    @property
    def budget(self) -> Path:
        """The directory of the rate limits' state: when each host and source may be requested
        next, for all crawls of the machine; in `shared`, for those of several machines."""
        return self.root / "budget"

    def image(self, sha256: str) -> Path:
        """Return the file with the bytes of one fetched picture."""
        return self.images / sha256[:2] / sha256

    def faces(self, pack: str) -> Path:
        """Return the face cache of one model pack; `pack` is its id with its identity hash."""
        return self.root / "faces" / pack

    def model_pack(self, name: str) -> Path:
        """Return the directory of a model pack: pack.json and its ONNX files."""
        return self.root / "models" / name

    def release(self, version_id: str) -> Path:
        """Return the directory of a published release; `version_id` is YYYYMMDD_HHMMSS."""
        return self.releases / version_id

    def performers_link(self, version_id: str) -> Path:
        """Return the link in DATA_DIR to a release's performers.db."""
        return self.root / f"performers_{version_id}.db"

    def run(self, run_id: str) -> RunDir:
        """Return the directory of a run by our id or by Airflow's; also one that an older trainer
        named after the same text, without a hash."""
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
        """The run's id, which is its directory's name."""
        return self.root.name

    @property
    def origin(self) -> Path:
        """The file with the id that the run was triggered by, as it was given."""
        return self.root / "origin.json"

    @property
    def is_older(self) -> bool:
        """Was the run made by a trainer that did not yet note the id that triggered it?"""
        return self.root.is_dir() and not self.origin.exists()

    @property
    def record(self) -> Path:
        """The file with what the run did, for people."""
        return self.root / "run.json"

    @property
    def plan(self) -> Path:
        """The file with what the run has to do."""
        return self.root / "plan.json"

    @property
    def embed_plan(self) -> Path:
        """The file that lists the shards of pictures to embed."""
        return self.root / "embed" / "plan.json"

    @property
    def resolve(self) -> Path:
        """The directory with the performers that the records were resolved into."""
        return self.root / "resolve"

    @property
    def select(self) -> Path:
        """The directory with the faces that were selected, and what became of the others."""
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
        """Return the directory of a source's crawl: its parts and `_RUN.json`."""
        return self.root / "staging" / source

    def crawl_job(self, source: str) -> Path:
        """Return the job file of a source's crawl."""
        return self.root / "staging" / f"{source}.job.json"

    def known_images(self, source: str) -> Path:
        """Return what is known of the faces of a source's performers while it is crawled."""
        return self.root / "staging" / f"{source}.known.parquet"

    def targets(self, source: str) -> Path:
        """Return the file with the pages to request from a reference site."""
        return self.root / "targets" / f"{source}.parquet"

    def snapshot(self, source: str) -> Path:
        """Return the directory of a source's snapshot as of this run."""
        return self.root / "snapshot" / source

    def embed_shard(self, shard: str) -> Path:
        """Return the directory of one shard: its job, and what the embedder made of it."""
        return self.root / "embed" / shard

    @property
    def beside(self) -> Path:
        """The file in which the embedder that works beside the crawls says how far it is."""
        return self.root / "beside.json"

    def step(self, name: str) -> Path:
        """Return the marker of a finished step, which holds its result."""
        return self.root / "steps" / f"{name}.json"

    def working(self, step: str) -> Path:
        """Return the directory where a long step keeps its progress."""
        return self.root / "working" / step

    def log(self, name: str) -> Path:
        """Return the log file of a child process, e.g. `crawl-stashdb`."""
        return self.root / "logs" / f"{name}.log"
