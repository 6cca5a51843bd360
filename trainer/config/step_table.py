"""The files of each step (`trainer.config.step_files` says what the words mean)."""

from __future__ import annotations

from trainer.config.step_files import RECORDS, RUN, StepFiles

_IMAGES = "images/**"
_FACES = "faces/{pack}/*"
_MODEL = "models/{model}/**"
_CRAWL = StepFiles(
    reads=(f"{RUN}/staging/**", f"{RUN}/targets/**", f"{RUN}/snapshot/**", _FACES),
    needs=("snapshots", "unpublished_pictures", "last_owners"),
    lists=(_IMAGES,),
    writes=(f"{RUN}/staging/{{key}}/**", f"{RUN}/staging/{{key}}.*", f"{RUN}/logs/crawl-{{key}}.*"),
    adds=(_IMAGES,),
    long=True,
)
_PACKS = f"{RUN}/packs/**"  # what is of further model packs
_FOLD_READS = (f"{RUN}/staging/**", f"{RUN}/targets/**", f"{RUN}/snapshot/**", _FACES)

_PUBLISH = StepFiles(
    reads=(
        *(f"{RUN}/{name}/**" for name in ("resolve", "select", "release", "snapshot")),
        *(f"{RUN}/staging/**", _PACKS, *RECORDS, "faces/**"),
        *("releases/**/performers.db", "releases/**.json", "releases/{version}/**"),
        "performers_{version}.db",
    ),
    needs=("snapshots", "unpublished_pictures"),
    lists=(_IMAGES, "releases/**", "runs/**", "performers_*.db"),
    writes=(
        "state.db",
        "exclusions.yaml",
        _IMAGES,
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
    "embed_beside": StepFiles(),  # does nothing on an object store
    "crawl": _CRAWL,
    "crawl_references": _CRAWL,
    "plan_references": StepFiles(
        reads=(*_FOLD_READS, "runs/*/plan.json", "runs/*/steps/plan_references.json"),
        needs=("snapshots", "unpublished_pictures"),
        lists=(_IMAGES,),
        writes=(f"{RUN}/snapshot/**", f"{RUN}/targets/**"),
    ),
    "plan_embed": StepFiles(
        reads=(*_FOLD_READS, f"{RUN}/embed/**", "models/{model}/pack.json"),
        needs=("snapshots", "unpublished_pictures"),
        lists=(_IMAGES,),
        writes=(f"{RUN}/snapshot/**", f"{RUN}/embed/**", _FACES),
    ),
    "embed": StepFiles(
        reads=(f"{RUN}/embed/{{key}}/**", _MODEL, "faces/{pack}/*-{key}-*", "faces/{pack}/*.json"),
        needs=("shard_pictures",),
        writes=(f"{RUN}/embed/{{key}}/**", _IMAGES),
        adds=(_FACES,),
        long=True,
    ),
    "resolve": StepFiles(
        reads=(f"{RUN}/staging/**", f"{RUN}/snapshot/**", f"{RUN}/resolve/**"),
        needs=("snapshots",),
        writes=(f"{RUN}/resolve/**",),
    ),
    "select": StepFiles(
        reads=(f"{RUN}/resolve/**", f"{RUN}/snapshot/**", f"{RUN}/select/**", _PACKS, _FACES),
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
        reads=(f"{RUN}/release/**", f"{RUN}/packs/*/steps/*", "releases/{version}/**"),
        writes=(f"{RUN}/release/**", f"{RUN}/packs/*/steps/*"),
    ),
    "evaluate": StepFiles(
        reads=(
            *(f"{RUN}/{name}/**" for name in ("resolve", "select", "release", "snapshot")),
            *(f"{RUN}/staging/**", _PACKS, _FACES, "releases/{base}/**", "releases/{version}/**"),
        ),
        needs=("snapshots",),
        writes=(f"{RUN}/release/**", f"{RUN}/packs/*/steps/*", _FACES),
    ),
    "gate": StepFiles(
        reads=(
            *(f"{RUN}/release/**.json", f"{RUN}/staging/*/_RUN.json", f"{RUN}/packs/*/steps/*"),
            *("releases/{base}/**.json", "releases/{version}/**.json", *RECORDS),
        ),
        writes=(f"{RUN}/packs/*/steps/*",),
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
    "resume": StepFiles(
        reads=RECORDS,
        lists=("releases/**",),
        writes=("state.db", "exclusions.yaml"),
        edits=("runs/*/run.json",),
    ),
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
