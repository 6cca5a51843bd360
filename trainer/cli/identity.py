"""`trainer identity ...`."""

from __future__ import annotations

from typing import Annotated

import typer

from trainer.cli.common import DataDirOption, JsonOption, data_of, show

identity_app = typer.Typer(no_args_is_help=True, help="Who is who, and who decided it.")
ReasonOption = Annotated[str, typer.Option(help="Why, for those who look later.")]
_NEXT = "the next build applies it"


@identity_app.command("show")
def identity_show(
    who: Annotated[str, typer.Argument(help="A performer's id, source:id, or part of a name.")],
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """Print a performer's records and the evidence that they are one person."""
    from trainer.commands.identity import person_lines, person_rows

    rows = person_rows(data_of(data_dir), who)
    show(rows, as_json, person_lines(rows))


@identity_app.command("merge")
def identity_merge(
    one: Annotated[str, typer.Argument(help="A performer's id, or source:id.")],
    other: Annotated[str, typer.Argument(help="Another one.")],
    reason: ReasonOption,
    data_dir: DataDirOption = None,
) -> None:
    """Decide that two performers are one person."""
    from trainer.identity.decide import decide_merge
    from trainer.staging.clock import iso, now

    decision = decide_merge(data_of(data_dir), one, other, reason, iso(now()))
    show({}, False, [f"{decision.text()}; {_NEXT}"])


@identity_app.command("split")
def identity_split(
    records: Annotated[list[str], typer.Argument(help="Records (source:id) that leave.")],
    reason: ReasonOption,
    data_dir: DataDirOption = None,
) -> None:
    """Decide that records are not of their performer, but of a person of their own."""
    from trainer.identity.decide import decide_split
    from trainer.staging.clock import iso, now

    decision = decide_split(data_of(data_dir), records, reason, iso(now()))
    show({}, False, [f"{decision.text()}; {_NEXT}"])


@identity_app.command("decisions")
def identity_decisions(
    everything: Annotated[bool, typer.Option("--all", help="Also those taken back.")] = False,
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """List what people decided."""
    from trainer.commands.identity import decision_lines, decision_rows

    rows = decision_rows(data_of(data_dir), everything)
    show(rows, as_json, decision_lines(rows))


@identity_app.command("undo")
def identity_undo(
    number: Annotated[int, typer.Argument(help="A decision's number.")],
    data_dir: DataDirOption = None,
) -> None:
    """Take a decision back."""
    from trainer.identity.decide import undo
    from trainer.staging.clock import iso, now

    opposite = undo(data_of(data_dir), number, iso(now()))
    done = f"decision {number} is taken back"
    show({}, False, [f"{done}: {opposite.text()}; {_NEXT}" if opposite else done])
