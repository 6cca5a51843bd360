"""`trainer reviews ...`."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from trainer.cli.common import DataDirOption, JsonOption, data_of, show
from trainer.errors import ConfigError
from trainer.identity.confirmations import confirm_face
from trainer.identity.dismissed_reviews import dismiss, dismissed, reopen
from trainer.identity.reviews import Review, read_run_reviews, reviewed
from trainer.pipeline.review_subjects import (
    DoubtedFace,
    confirm_item,
    face_named,
    newest_doubted_faces,
)
from trainer.runs.record import list_records
from trainer.staging.clock import iso, now
from trainer.staging.paths import DataDir

reviews_app = typer.Typer(help="What a person has to look at: contradictions, unconfirmed pages.")
ReasonOption = Annotated[str, typer.Option(help="Why, for those who look later.")]
KeyArgument = Annotated[str, typer.Argument(help="An item's key, as `trainer reviews` prints it.")]


@reviews_app.callback(invoke_without_command=True)
def reviews(
    context: typer.Context,
    run: Annotated[
        str | None, typer.Option(help="A run; default: the newest with reviews.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Also those left as they are.")] = False,
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """List what a person has to look at: contradictions and unconfirmed pages."""
    if context.invoked_subcommand is not None:
        return
    run_id, rows = review_rows(data_of(data_dir), run, everything=everything)
    show({"run": run_id, "reviews": rows}, as_json, review_lines(run_id, rows))


@reviews_app.command("leave")
def reviews_leave(
    key: KeyArgument,
    reason: ReasonOption,
    data_dir: DataDirOption = None,
) -> None:
    """Leave an item as it is: it is not listed again unless it changes."""
    data = data_of(data_dir)
    item = dismiss(data, newest_items(data), key, reason, iso(now()))
    show({}, False, [f"{item.kind} is left as it is: {item.text}"])


@reviews_app.command("ask")
def reviews_ask(key: KeyArgument, data_dir: DataDirOption = None) -> None:
    """Ask again about an item that was left as it is."""
    reopen(data_of(data_dir), key)
    show({}, False, [f"{key} is asked again"])


@reviews_app.command("confirm")
def reviews_confirm(
    key: KeyArgument,
    reason: ReasonOption,
    performer: Annotated[
        int | None, typer.Option(help="Whose it is; default: the first that the item names.")
    ] = None,
    data_dir: DataDirOption = None,
) -> None:
    """Confirm that an item's page or face is the performer's. Taken back by `identity undo`."""
    data = data_of(data_dir)
    item = {item.key: item for item in newest_items(data)}.get(key)
    if item is None:
        raise ConfigError(f"no review item {key!r} in the newest run; see `trainer reviews`")
    run = data.run(_chosen(data, None))
    decision = confirm_item(data, run, item, performer, reason, iso(now()))
    show({}, False, [f"{decision.text()}; the next build applies it"])


@reviews_app.command("faces")
def reviews_faces(
    limit: Annotated[int, typer.Option(min=1, help="How many to list.")] = 50,
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """List faces that were kept out because they look like somebody else's."""
    faces = newest_doubted_faces(data_of(data_dir))[:limit]
    rows = [{"key": face.key, **face._asdict()} for face in faces]
    show(rows, as_json, [_face_line(face) for face in faces] or ["no face is doubted"])


@reviews_app.command("confirm-face")
def reviews_confirm_face(
    key: Annotated[str, typer.Argument(help="A face's key, as `trainer reviews faces` prints it.")],
    reason: ReasonOption,
    data_dir: DataDirOption = None,
) -> None:
    """Confirm that such a face is its performer's. Taken back by `identity undo`."""
    data = data_of(data_dir)
    face = face_named(data, key)
    decision = confirm_face(
        data, face.image_sha256, face.face_no, face.performer_id, reason, iso(now())
    )
    show({}, False, [f"{decision.text()}; the next build applies it"])


def _face_line(face: DoubtedFace) -> str:
    like = f", like {face.other_performer_id}" if face.other_performer_id else ""
    score = "" if face.score is None else f" ({face.score:.2f})"
    return f"{face.key} {face.rule}{like}{score}; {face.source}: {face.url}"


def review_rows(
    data: DataDir, run: str | None, *, everything: bool = False
) -> tuple[str, list[dict[str, Any]]]:
    """The run and its items to review; with `everything` also those that a person left, whose
    `left` says why. Raises `ConfigError` where there is no such run."""
    run_id = _chosen(data, run)
    known = dismissed(data)
    rows = [
        {"key": item.key, **item.model_dump(mode="json")}
        | ({"left": known[item.key].reason} if item.key in known else {})
        for item in read_run_reviews(data.run(run_id))
    ]
    return run_id, [row for row in rows if everything or "left" not in row]


def newest_items(data: DataDir) -> list[Review]:
    """All items of the newest run that has written any."""
    return read_run_reviews(data.run(_chosen(data, None)))


def _chosen(data: DataDir, run: str | None) -> str:
    known = [entry.run_id for entry in list_records(data) if reviewed(data.run(entry.run_id))]
    if run is None and not known:
        raise ConfigError(
            f"no run in {data.runs} has come to its step `resolve` yet; start one with `trainer "
            "build`"
        )
    run_id = run or known[0]
    if run_id not in known:
        raise ConfigError(f"no run {run_id!r} with reviews in {data.runs}; choose from {known}")
    return run_id


def review_lines(run_id: str, rows: list[dict[str, Any]]) -> list[str]:
    """One line an item, grouped by kind as they are ordered."""
    lines = [f"run {run_id}: {len(rows)} items to review"]
    for row in rows:
        people = ", ".join(map(str, row["performers"]))
        note = f" (left as it is: {row['left']})" if "left" in row else ""
        head = f"  {row['key']} {row['kind']} (performers {people})"
        lines.append(f"{head}: {row['text']}; {row['url']}{note}")
    return lines
