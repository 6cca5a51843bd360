"""`trainer identity ...`."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from trainer.cli.common import DataDirOption, JsonOption, data_of, show
from trainer.errors import ConfigError
from trainer.identity.claims import spelled
from trainer.identity.decide import decide_merge, decide_split, undo
from trainer.identity.decisions import Decision, read_identity_decisions
from trainer.release.contract import DATABASE
from trainer.release.reader import PerformerReader
from trainer.staging.clock import iso, now
from trainer.staging.paths import DataDir
from trainer.state.store import Claim, KnownIdentities, read_identities, reading

identity_app = typer.Typer(no_args_is_help=True, help="Merge and split performers.")
ReasonOption = Annotated[str, typer.Option(help="Why, for those who look later.")]
_NEXT = "the next build applies it"


@identity_app.command("show")
def identity_show(
    who: Annotated[str, typer.Argument(help="A performer's id, source:id, or part of a name.")],
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """Print a performer's records and the evidence that they are one person."""
    rows = person_rows(data_of(data_dir), who)
    show(rows, as_json, person_lines(rows))


@identity_app.command("merge")
def identity_merge(
    first: Annotated[str, typer.Argument(help="A performer's id, or source:id.")],
    second: Annotated[str, typer.Argument(help="Another one.")],
    reason: ReasonOption,
    data_dir: DataDirOption = None,
) -> None:
    """Decide that two performers are one person."""
    decision = decide_merge(data_of(data_dir), first, second, reason, iso(now()))
    show({}, False, [f"{decision.text()}; {_NEXT}"])


@identity_app.command("split")
def identity_split(
    records: Annotated[list[str], typer.Argument(help="Records (source:id) that leave.")],
    reason: ReasonOption,
    data_dir: DataDirOption = None,
) -> None:
    """Decide that records are not of their performer, but of a person of their own."""
    decision = decide_split(data_of(data_dir), records, reason, iso(now()))
    show({}, False, [f"{decision.text()}; {_NEXT}"])


@identity_app.command("decisions")
def identity_decisions(
    everything: Annotated[bool, typer.Option("--all", help="Also those taken back.")] = False,
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """List what people decided."""
    rows = decision_rows(data_of(data_dir), everything)
    show(rows, as_json, decision_lines(rows))


@identity_app.command("undo")
def identity_undo(
    number: Annotated[int, typer.Argument(help="A decision's number.")],
    data_dir: DataDirOption = None,
) -> None:
    """Take a decision back."""
    opposite = undo(data_of(data_dir), number, iso(now()))
    done = f"decision {number} is taken back"
    show({}, False, [f"{done}: {opposite.text()}; {_NEXT}" if opposite else done])


MOST_NAMESAKES = 20


def person_rows(data: DataDir, who: str) -> list[dict[str, Any]]:
    """Return the performers that `who` names (an id, `source:id`, or part of a name), with their
    records, evidence, merges and decisions; raises `ConfigError` where it names nobody."""
    known = read_identities(data.state_db)
    decided = read_identity_decisions(data)
    return [_person(data, number, known, decided) for number in _numbers(data, who, known)]


def _numbers(data: DataDir, who: str, known: KnownIdentities) -> list[int]:
    source, colon, source_id = who.partition(":")
    if who.isdigit():
        found = [known.current(int(who))] if int(who) <= known.highest_id else []
    elif colon and (source, source_id) in known.claims:
        found = [known.current(known.claims[source, source_id])]
    else:
        reader = _reader(data)
        listed = reader.search_by_name(who, MOST_NAMESAKES) if reader else []
        found = [int(record["id"]) for record in listed]
    if not found:
        raise ConfigError(f"nobody is known as {who!r}; give an id, source:id or part of a name")
    return found


def _person(
    data: DataDir, number: int, known: KnownIdentities, decided: list[Decision]
) -> dict[str, Any]:
    claims = sorted(c for c, n in known.claims.items() if known.current(n) == number)
    listed = _listed(data, number)
    evidence, merges = _evidence(data)
    return {
        "performer_id": number,
        "name": listed["canonical_name"],
        "faces": listed["face_count"],
        "records": [_record(claim, evidence, known) for claim in claims],
        "merged": [
            {"id": old, "evidence": text} for old, text in merges if known.current(old) == number
        ],
        "decisions": [d.text() for d in decided if d.concerns(claims)],
    }


def _listed(data: DataDir, number: int) -> dict[str, Any]:
    """Return a performer's name and number of faces in the current release; None and 0 for one
    that is not in it."""
    reader = _reader(data)
    found = reader.get_performer(number) if reader else None
    return found or {"canonical_name": None, "face_count": 0}


def _record(claim: Claim, evidence: dict[Claim, str], known: KnownIdentities) -> dict[str, Any]:
    return {
        "record": spelled(claim),
        "evidence": evidence.get(claim),
        "former_ids": known.former.get(claim, ()),
    }


def _evidence(data: DataDir) -> tuple[dict[Claim, str], list[tuple[int, str]]]:
    """Return the evidence of records, and of merged ids."""
    with reading(data.state_db) as db:
        assert db is not None
        claims = db.execute("SELECT source, source_id, evidence FROM claim_evidence")
        by_claim = {(source, number): text for source, number, text in claims}
        return by_claim, db.execute("SELECT old_id, evidence FROM merges").fetchall()


def _reader(data: DataDir) -> PerformerReader | None:
    path = data.current / DATABASE
    return PerformerReader(path.resolve()) if path.exists() else None


def person_lines(rows: list[dict[str, Any]]) -> list[str]:
    """Return `person_rows` as lines for people."""
    lines = []
    for row in rows:
        name = row["name"] or "not in the current release"
        lines.append(f"performer {row['performer_id']}: {name}, {row['faces']} faces")
        for record in row["records"]:
            evidence = f": {record['evidence']}" if record["evidence"] else ""
            lines.append(f"  {record['record']}{evidence}")
        lines += [f"  merged: {old['id']}: {old['evidence']}" for old in row["merged"]]
        lines += [f"  {text}" for text in row["decisions"]]
    return lines


def decision_rows(data: DataDir, everything: bool) -> list[dict[str, Any]]:
    """Return the decisions about identities in force; with `everything` those taken back, too."""
    return [
        {
            "number": d.number,
            "action": d.action,
            "sides": [sorted(map(spelled, side)) for side in d.sides],
            "reason": d.reason,
            "decided_at": d.decided_at,
            "undone_at": d.undone_at,
        }
        for d in read_identity_decisions(data, undone=everything)
    ]


def decision_lines(rows: list[dict[str, Any]]) -> list[str]:
    """Return `decision_rows` as lines for people."""
    lines = []
    for row in rows:
        left, right = (", ".join(side) for side in row["sides"])
        between = "and" if row["action"] == "merge" else "from"
        state = f" (taken back {row['undone_at']})" if row["undone_at"] else ""
        lines.append(
            f"{row['number']}: {row['action']} {left} {between} {right}: {row['reason']}{state}"
        )
    return lines or ["nobody decided anything yet"]
