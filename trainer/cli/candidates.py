"""Commands on candidates: `trainer candidates|approve|reject`."""

from __future__ import annotations

from typing import Annotated

import typer

from trainer.cli.common import DataDirOption, JsonOption, show
from trainer.config.settings import Settings

RunArgument = Annotated[str, typer.Argument(help="A run that waits for approval.")]


def candidates(data_dir: DataDirOption = None, as_json: JsonOption = False) -> None:
    """List what waits for a person: why the gate held it back, and what would change."""
    from trainer.pipeline.approve import candidates as waiting

    found = waiting(Settings.load(data_dir))
    lines = [
        line
        for candidate in found
        for line in (
            f"run {candidate.run_id}",
            *([f"  can only be rejected: {candidate.overtaken}"] if candidate.overtaken else []),
            *(f"  gate: {g}" for g in candidate.gate),
            *candidate.diff,
        )
    ]
    show([vars(candidate) for candidate in found], as_json, lines or ["nothing waits for approval"])


def approve(run_id: RunArgument, data_dir: DataDirOption = None) -> None:
    """Publish the candidate of a run although the gate held it back."""
    from trainer.pipeline.approve import approve_run

    show({}, False, [approve_run(Settings.load(data_dir), run_id)])


def reject(
    run_id: RunArgument,
    reason: Annotated[str, typer.Option(help="Why, for those who look later.")],
    data_dir: DataDirOption = None,
) -> None:
    """Never publish the candidate of a run; the next build starts anew."""
    from trainer.pipeline.approve import reject_run

    show({}, False, [reject_run(Settings.load(data_dir), run_id, reason)])
