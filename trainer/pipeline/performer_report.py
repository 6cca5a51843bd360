"""All that is known of one performer: facts and where each is from, records, faces, refusals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from trainer.adults.quarantine import QUARANTINE_FILE
from trainer.exclusions.entries import read_exclusions
from trainer.faces.face_rules import FACE_RULES_FILE
from trainer.faces.select import ACCEPTED
from trainer.identity.canonical import preferred_first, trusted_first
from trainer.identity.claims import spelled
from trainer.identity.decisions import read_identity_decisions
from trainer.pipeline.performer_lookup import Sources, current_reader
from trainer.release.contract import DATABASE
from trainer.release.publish import versions
from trainer.release.reader import PerformerReader
from trainer.runs.order import newest_first
from trainer.snapshots.store import PERFORMERS_FILE
from trainer.staging.parquet import find_rows
from trainer.staging.paths import DataDir, RunDir
from trainer.staging.performer_facts import FACTS
from trainer.staging.rows import PerformerRecord
from trainer.staging.schemas import PERFORMERS
from trainer.state.store import Claim, KnownIdentities, read_snapshots, reading

Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class PerformerReport:
    """One performer. `withheld` says why nothing but the id is shown: quarantine or exclusion."""

    performer_id: int
    name: str | None = None
    universal_id: str | None = None
    released: bool = False
    withheld: str | None = None
    facts: Rows = field(default_factory=list)  # fact, value, source, others
    aliases: Rows = field(default_factory=list)
    links: Rows = field(default_factory=list)
    records: Rows = field(default_factory=list)  # record, name, page, evidence, former_ids
    merged: Rows = field(default_factory=list)
    decisions: list[str] = field(default_factory=list)
    faces: Rows = field(default_factory=list)
    refused: Rows = field(default_factory=list)
    history: Rows = field(default_factory=list)


def performer_report(
    data: DataDir, sources: Sources, known: KnownIdentities, number: int
) -> PerformerReport:
    """Raises `DamagedFileError` for a file that can't be read."""
    claims = sorted(c for c, n in known.claims.items() if known.current(n) == number)
    withheld = _withheld(data, claims, number)
    if withheld:
        return PerformerReport(number, withheld=withheld)
    records = _records(data, sources, claims)
    reader = current_reader(data)
    released = reader.get_performer(number) if reader else None
    crawled_name = records[0]["name"] if records else None
    return PerformerReport(
        performer_id=number,
        name=released["canonical_name"] if released else crawled_name,
        universal_id=_universal_id(records, sources),
        released=released is not None,
        facts=_facts(records, sources),
        aliases=_related(reader, "aliases", number, ("alias", "source_endpoint")),
        links=_related(reader, "external_urls", number, ("site", "url", "source_endpoint")),
        records=_record_rows(data, claims, records, known),
        merged=_merged(data, number, known),
        decisions=[d.text() for d in read_identity_decisions(data) if d.concerns(claims)],
        faces=_faces(reader, number),
        refused=_refused(data, number),
        history=_history(data, number),
    )


def _universal_id(records: list[PerformerRecord], sources: Sources) -> str | None:
    if not records:
        return None
    domain = sources[records[0]["source"]].domain
    return f"{domain}:{records[0]['source_id']}" if domain else None


def _withheld(data: DataDir, claims: list[Claim], number: int) -> str | None:
    """Of people in quarantine, and of excluded ones, nothing but the id is shown."""
    exclusions = read_exclusions(data)
    if any(exclusions.claim(*claim) for claim in claims):
        return "excluded: `trainer exclude list` says why"
    run = _newest(data, "resolve", QUARANTINE_FILE)
    if run is None:
        return None
    rows = find_rows(run.resolve / QUARANTINE_FILE, "performer_id", [number])
    return f"in quarantine: {rows[0]['reason']}" if rows else None


def _newest(data: DataDir, part: str, file: str) -> RunDir | None:
    """The newest run that has `file` of a step."""
    runs = map(data.run, newest_first(data))
    return next((run for run in runs if (run.root / part / file).exists()), None)


def _records(data: DataDir, sources: Sources, claims: list[Claim]) -> list[PerformerRecord]:
    """The records and pages as they were last crawled, in the order in which they give facts."""
    crawled = [row for row in _crawled(data, claims) if row["source"] in sources]
    known = [row for row in crawled if not row["deleted"]]
    creators = [row for row in known if sources[row["source"]].creates_performers]
    pages = [row for row in known if not sources[row["source"]].creates_performers]
    return [*preferred_first(creators), *trusted_first(pages, sources)]


def _crawled(data: DataDir, claims: list[Claim]) -> list[PerformerRecord]:
    """The claims' rows in their sources' newest snapshots."""
    found: Rows = []
    for source, snapshot in read_snapshots(data.state_db).items():
        own = [source_id for key, source_id in claims if key == source]
        path = data.run(snapshot.run_id).snapshot(source) / PERFORMERS_FILE
        if own and path.exists():
            found += find_rows(path, "source_id", own)
    blank = dict.fromkeys(PERFORMERS.names)
    return cast("list[PerformerRecord]", [blank | row for row in found])


def _facts(records: list[PerformerRecord], sources: Sources) -> Rows:
    """Each fact that somebody states: the value taken, its source, and what others state."""
    rows: Rows = []
    for fact in FACTS:
        stated = [
            (row["source"], cast("Mapping[str, Any]", row)[fact.name])
            for row in records
            if fact.from_pages or sources[row["source"]].creates_performers
        ]
        stated = [(source, value) for source, value in stated if value is not None]
        if stated:
            source, value = stated[0]
            others = {key: other for key, other in stated[1:] if other != value}
            rows.append({"fact": fact.name, "value": value, "source": source, "others": others})
    return rows


def _related(
    reader: PerformerReader | None, table: str, number: int, columns: tuple[str, ...]
) -> Rows:
    found = reader.related(table, number) if reader else []
    return [{name.removesuffix("_endpoint"): row[name] for name in columns} for row in found]


def _record_rows(
    data: DataDir, claims: list[Claim], records: list[PerformerRecord], known: KnownIdentities
) -> Rows:
    with reading(data.state_db) as db:
        query = "SELECT evidence FROM claim_evidence WHERE source = ? AND source_id = ?"
        why = {c: found[0] for c in claims if db and (found := db.execute(query, c).fetchone())}
    crawled = {(row["source"], row["source_id"]): row for row in records}
    return [
        {
            "record": spelled(claim),
            "name": crawled[claim]["name"] if claim in crawled else None,
            "page": crawled[claim]["page_url"] if claim in crawled else None,
            "evidence": why.get(claim),
            "former_ids": list(known.former.get(claim, ())),
        }
        for claim in claims
    ]


def _merged(data: DataDir, number: int, known: KnownIdentities) -> Rows:
    with reading(data.state_db) as db:
        rows = db.execute("SELECT old_id, evidence FROM merges ORDER BY old_id") if db else ()
        return [{"id": old, "evidence": text} for old, text in rows if known.current(old) == number]


def _faces(reader: PerformerReader | None, number: int) -> Rows:
    """Numbers and addresses; never a picture or a vector."""
    return [
        {
            "source": row["source_endpoint"],
            "quality": row["quality_score"],
            "yaw": row["yaw"],
            "rule": row["rule"],
            "url": row["image_url"],
            "page": row["page_url"],
            "run": row["run_id"],
        }
        for row in (reader.faces(number) if reader else ())
    ]


def _refused(data: DataDir, number: int) -> Rows:
    """Faces of the newest selection that were not taken, each with its rule."""
    run = _newest(data, "select", FACE_RULES_FILE)
    if run is None:
        return []
    rows = find_rows(run.select / FACE_RULES_FILE, "performer_id", [number])
    names = ("source", "rule", "url", "other_performer_id", "score")
    return [{n: row.get(n) for n in names} for row in rows if row["rule"] not in ACCEPTED]


def _history(data: DataDir, number: int) -> Rows:
    """Releases with the performer, newest first."""
    rows: Rows = []
    for info in versions(data):
        path = data.release(info.version_id) / DATABASE
        if info.damaged or not path.exists():
            continue
        if found := PerformerReader(path).get_performer(number):
            name, faces = found["canonical_name"], found["face_count"]
            rows.append({"release": info.version_id, "name": name, "faces": faces})
    return rows
