"""What each step reads and writes in DATA_DIR, for a DATA_DIR that is kept on an object store.

Paths are relative to DATA_DIR: `*` is part of a name, `**` any number of folders. Filled in are the
run's id, the key of a mapped step, the model pack's folder `model` and its cache `pack`, and the
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
