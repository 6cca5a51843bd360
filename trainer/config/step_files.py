"""What each step reads and writes in DATA_DIR, for a DATA_DIR that is kept on an object store.

Paths are relative to DATA_DIR: `*` is part of a name, `**` any number of folders. Filled in are the
run's id, the key of a mapped step, each model pack's folder `model` and its cache `pack`, and the
releases `base` and `version`. `tests/objects` builds a release with nothing else at hand.
"""

from __future__ import annotations

from dataclasses import dataclass

RUN = "runs/{run}"
RECORDS = (
    *(f"runs/*/{name}" for name in ("run.json", "plan.json", "origin.json", "steps/*")),
    "releases/current",
)
# What every step is given: configuration, what is permanent, the run's plan and record.
CONFIGURATION = ("sources.yaml", "gate.yaml", "exclusions.yaml", "state.db")
COMMON = (
    *CONFIGURATION,
    *(f"{RUN}/{name}" for name in ("plan.json", "origin.json", "run.json", "steps/*")),
    f"{RUN}/notified/*",
)


@dataclass(frozen=True)
class StepFiles:
    """The files of one step.

    `reads` come with their bytes; of `lists` only names, sizes and times (`exists()`, deleting).
    `writes` belong to this step alone while it runs; to `adds` others add at the same time, under
    names of their own; `edits` are JSON that others edit, too. `needs` are looked up when the step
    begins (`trainer.pipeline.step_needs`). Parts of a `long` step are pushed while it works.
    """

    reads: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    lists: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    adds: tuple[str, ...] = ()
    edits: tuple[str, ...] = (f"{RUN}/run.json",)
    long: bool = False


_PICTURES = "images/**"
_FACES = "faces/{pack}/*"
_PACKS = f"{RUN}/packs/**"  # of further model packs
_MODEL = "models/{model}/**"
_CRAWL = StepFiles(
    reads=(f"{RUN}/staging/**", f"{RUN}/targets/**", f"{RUN}/snapshot/**", _FACES),
    needs=("snapshots", "unpublished_pictures", "last_owners"),
    lists=(_PICTURES,),
    writes=(f"{RUN}/staging/{{key}}/**", f"{RUN}/staging/{{key}}.*", f"{RUN}/logs/crawl-{{key}}.*"),
    adds=(_PICTURES,),
    long=True,
)
_FOLD_READS = (f"{RUN}/staging/**", f"{RUN}/targets/**", f"{RUN}/snapshot/**", _FACES)

_PUBLISH = StepFiles(
    reads=(
        *(f"{RUN}/{name}/**" for name in ("resolve", "select", "release", "snapshot")),
        *(f"{RUN}/staging/**", *RECORDS, "faces/**"),
        *("releases/*/performers.db", "releases/*/*.json", "releases/{version}/**"),
        *("releases/*/packs/*/performers.db", "releases/*/packs/*/*.json"),
        "performers_{version}.db",
    ),
    needs=("snapshots", "unpublished_pictures"),
    lists=(_PICTURES, "releases/**", "runs/**", "performers_*.db"),
    writes=(
        "state.db",
        "exclusions.yaml",
        _PICTURES,
        "faces/**",
        "releases/**",
        "runs/**",
        "*.db",
    ),
)

STEP_FILES: dict[str, StepFiles] = {
    "plan": StepFiles(
        reads=(*RECORDS, _MODEL),
        needs=("snapshots", "current_release"),
        lists=("releases/**",),
        writes=(
            f"{RUN}/plan.json",
            f"{RUN}/origin.json",
            "exclusions.yaml",
            "state.db",
            "models/**",
        ),
        edits=("runs/*/run.json",),
    ),
    "crawl": _CRAWL,
    "crawl_references": _CRAWL,
    "plan_references": StepFiles(
        reads=_FOLD_READS,
        needs=("snapshots", "unpublished_pictures"),
        lists=(_PICTURES,),
        writes=(f"{RUN}/snapshot/**", f"{RUN}/targets/**"),
    ),
    "plan_embed": StepFiles(
        reads=(*_FOLD_READS, f"{RUN}/embed/**", "models/{model}/pack.json"),
        needs=("snapshots", "unpublished_pictures"),
        lists=(_PICTURES,),
        writes=(f"{RUN}/snapshot/**", f"{RUN}/embed/**", _FACES),
    ),
    "embed": StepFiles(
        reads=(f"{RUN}/embed/{{key}}/**", _MODEL, "faces/{pack}/*-{key}-*", "faces/{pack}/*.json"),
        needs=("shard_pictures",),
        writes=(f"{RUN}/embed/{{key}}/**",),
        adds=(_FACES,),
        long=True,
    ),
    "resolve": StepFiles(
        reads=(f"{RUN}/staging/**", f"{RUN}/snapshot/**", f"{RUN}/resolve/**"),
        needs=("snapshots",),
        writes=(f"{RUN}/resolve/**",),
    ),
    "select": StepFiles(
        reads=(f"{RUN}/resolve/**", f"{RUN}/snapshot/**", f"{RUN}/select/**", _FACES, _PACKS),
        needs=("snapshots", "last_memories"),
        writes=(f"{RUN}/select/**", _PACKS),
    ),
    "build_release": StepFiles(
        reads=(
            *(f"{RUN}/{name}/**" for name in ("resolve", "select", "release")),
            *(f"{RUN}/staging/*/_RUN.json", "models/{model}/pack.json", _PACKS),
            *("releases/{base}/**", "releases/*/manifest.json"),
        ),
        needs=("snapshots",),
        lists=("releases/**",),
        writes=(f"{RUN}/release/**", _PACKS),
    ),
    "verify": StepFiles(
        reads=(f"{RUN}/release/**", "releases/{version}/**", _PACKS),
        writes=(f"{RUN}/release/**", _PACKS),
    ),
    "evaluate": StepFiles(
        reads=(
            *(f"{RUN}/{name}/**" for name in ("resolve", "select", "release", "snapshot")),
            *(f"{RUN}/staging/**", _FACES, "releases/{base}/**", "releases/{version}/**"),
            _PACKS,
        ),
        needs=("snapshots",),
        writes=(f"{RUN}/release/**", _FACES, _PACKS),
    ),
    "gate": StepFiles(
        reads=(
            *(f"{RUN}/release/*.json", f"{RUN}/staging/*/_RUN.json"),
            *("releases/{base}/*.json", "releases/{version}/*.json", *RECORDS),
            *(f"{RUN}/release/packs/*/*.json", "releases/{base}/packs/*/*.json", _PACKS),
            "releases/{version}/packs/*/*.json",
        ),
        writes=(_PACKS,),
    ),
    "publish": _PUBLISH,
    "export": StepFiles(
        reads=("releases/{version}/**",),
        lists=("export/**",),
        writes=("export/**", "exclusions.yaml", "state.db"),
    ),
    "report": StepFiles(
        reads=(
            *(f"{RUN}/staging/*/_RUN.json", f"{RUN}/staging/*/*.json", f"{RUN}/embed/*/_RUN.json"),
            *(f"{RUN}/release/*.json", "releases/{version}/*.json", *RECORDS),
        ),
        lists=("releases/**",),
    ),
    "mark_failed": StepFiles(),
    "resume": StepFiles(reads=RECORDS, lists=("releases/**",), edits=("runs/*/run.json",)),
    "approve": StepFiles(
        reads=(*_PUBLISH.reads, f"{RUN}/embed/*/_RUN.json"),
        needs=_PUBLISH.needs,
        lists=_PUBLISH.lists,
        writes=(*_PUBLISH.writes, f"{RUN}/steps/*", "export/**"),
    ),
    "reject": StepFiles(
        reads=RECORDS,
        lists=(f"{RUN}/release/**", "releases/**"),
        writes=(f"{RUN}/release/**",),
    ),
}
