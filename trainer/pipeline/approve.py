"""A person publishes, or rejects, a candidate that the gate, or `publish: false`, held back."""

from __future__ import annotations

from dataclasses import dataclass

from trainer.config.settings import Settings
from trainer.errors import StageFailed
from trainer.exclusions.apply import refuse_if_decided
from trainer.pipeline.run import run_step
from trainer.pipeline.steps.publish import overtaken, publish_run
from trainer.pipeline.stored import stored
from trainer.release.contract import CHECKSUMMED
from trainer.release.diff import DIFF_JSON, Diff
from trainer.release.files import pack_releases
from trainer.release.gate import GateResult
from trainer.release.verify import verify
from trainer.runs import update as run_record
from trainer.runs.context import RunContext
from trainer.runs.record import list_records, read_record
from trainer.staging.lock import build_lock
from trainer.staging.paths import DataDir, RunDir


@dataclass(frozen=True)
class Candidate:
    """What a person has to know to decide: lines of the gate that fell short, and of the diff.

    `overtaken`: a newer release keeps it from being published.
    """

    run_id: str
    gate: list[str]
    diff: list[str]
    overtaken: str | None = None


def candidate(settings: Settings, run_id: str) -> Candidate:
    """The candidate of a run, also while the run still writes its record."""
    context = RunContext.open(settings, run_id)
    result = context.result("gate")
    if result is None:
        raise StageFailed(f"run {run_id} has not come to its gate; `trainer runs` lists runs")
    failures = GateResult.model_validate(result).failures()
    path = context.built_release / DIFF_JSON
    changes = Diff.model_validate_json(path.read_bytes()).describe() if path.exists() else []
    held_back = failures or ["passed; publishing was not asked for"]
    return Candidate(run_id, held_back, changes, overtaken(context))


def candidates(settings: Settings) -> list[Candidate]:
    """The runs that wait for a person, newest first."""
    waiting = [
        entry.run_id
        for entry in list_records(DataDir(settings.data_dir))
        if entry.record and entry.record.status == "needs_approval"
    ]
    return [candidate(settings, run_id) for run_id in waiting]


def approve_run(settings: Settings, run_id: str) -> str:
    """Verify and publish the candidate of `run_id`; returns a line for people."""
    data = DataDir(settings.data_dir)
    with build_lock(data.lock), stored(settings, data.run(run_id).run_id, "approve"):
        context = _known(settings, run_id)
        _require_waiting(context.run)
        reason = overtaken(context)  # first: its large files may be gone
        if reason:
            raise StageFailed(
                f"{reason}; it can only be rejected: `trainer reject` it, and build again"
            )
        refuse_if_decided(context)
        for directory in (context.built_release, *pack_releases(context.built_release)):
            report = verify(directory)
            if not report.ok:
                raise StageFailed(
                    "the candidate does not fit the sidecar's contract and can't be published; "
                    "`trainer reject` it, and build again: " + "; ".join(report.failures())
                )
        result = publish_run(context)
        context.finish("publish", result)
        run_step("report", run_id, settings)
        run_step("export", run_id, settings)  # last: the release is out whatever this says
    return f"release {result['release']} (version {result['version']}) is current"


def reject_run(settings: Settings, run_id: str, reason: str) -> str:
    """Never publish the candidate of `run_id`. Its reports stay, its large files go."""
    data = DataDir(settings.data_dir)
    with build_lock(data.lock), stored(settings, data.run(run_id).run_id, "reject"):
        context = _known(settings, run_id)
        _require_waiting(context.run)
        if context.built_release != context.run.release:
            raise StageFailed(f"run {run_id} is published; `trainer rollback` takes it back")
        with run_record.editing(context) as current:
            current.status = "rejected"
            current.rejected_because = reason
        for directory in (context.run.release, *pack_releases(context.run.release)):
            for name in CHECKSUMMED:
                (directory / name).unlink(missing_ok=True)
    return f"run {run_id} is rejected: {reason}"


def _known(settings: Settings, run_id: str) -> RunContext:
    context = RunContext.open(settings, run_id)
    if not context.run.record.exists():
        raise StageFailed(f"no run {run_id} in {context.data.runs}; `trainer runs` lists them")
    return context


def _require_waiting(run: RunDir) -> None:
    """Asked under the lock: two people may decide at once."""
    status = read_record(run.record).status
    if status != "needs_approval":
        raise StageFailed(
            f"run {run.run_id} is {status}, not waiting for approval; `trainer runs` "
            "lists those that are"
        )
