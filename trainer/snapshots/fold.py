"""What is known of a source after a run: the last snapshot's rows and this run's, folded.

Rows stay in Arrow tables; Python holds ids and positions only, so that a source of a hundred
thousand performers is folded in a few hundred megabytes.
"""

from __future__ import annotations

from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.compute as pc

from trainer.staging.clock import parse_iso
from trainer.staging.rows import PerformerRecord
from trainer.staging.schemas import IMAGES, PERFORMERS

_BEGINNING = datetime.min.replace(tzinfo=UTC)


def fold_performers(
    before: pa.Table, now: pa.Table, *, full_sweep: bool, unreadable: set[str]
) -> pa.Table:
    """One row per id, the newest wins, sorted by id; PERFORMERS in and out.

    Who is absent after a full sweep, or was merged into another, stays with deleted=true.
    `unreadable`: ids that were listed with a record that could not be read.
    """
    both = pa.concat_tables([before, now])
    ids: list[str] = both["source_id"].to_pylist()
    fresh = _newest(ids, both["updated_at"].to_pylist(), before.num_rows)
    place = {number: index for index, number in enumerate(ids[: before.num_rows])} | fresh
    deleted: list[bool] = both["deleted"].to_pylist()
    if full_sweep:
        for number in place.keys() - fresh.keys() - unreadable:
            deleted[place[number]] = True
    merged_into: list[str | None] = both["merged_into_id"].to_pylist()
    _bury_merged(place, fresh, both["merged_ids"], deleted, merged_into)
    order = [place[number] for number in sorted(place)]
    folded = both.take(pa.array(order, pa.int64()))
    for name, values in (("deleted", deleted), ("merged_into_id", merged_into)):
        field = PERFORMERS.field(name)
        column = pa.array([values[index] for index in order], field.type)
        folded = folded.set_column(PERFORMERS.get_field_index(name), field, column)
    return _tidy(folded, PERFORMERS)


def add_performers(before: pa.Table, now: pa.Table) -> pa.Table:
    """`before` as it is, and of `now` the live ones that it doesn't have; sorted by id.

    For a crawl that saw too little to say that somebody changed or has gone.
    """
    ids: list[str] = now["source_id"].to_pylist()
    fresh = _newest(ids, now["updated_at"].to_pylist(), 0)
    deleted: list[bool] = now["deleted"].to_pylist()
    known = set(before["source_id"].to_pylist())
    added = [place for number, place in fresh.items() if number not in known and not deleted[place]]
    both = pa.concat_tables([before, now.take(pa.array(added, pa.int64()))])
    return _tidy(both.sort_by("source_id"), PERFORMERS)


def moment_of(row: PerformerRecord) -> datetime:
    """When the source changed a record; the beginning of time where it does not say."""
    return _moment(row["updated_at"])


def _moment(text: str | None) -> datetime:
    return parse_iso(text) if text else _BEGINNING


def _newest(ids: list[str], updated: list[str | None], first: int) -> dict[str, int]:
    """Position of each id's newest row from `first` on; of equals the later one."""
    found: dict[str, tuple[datetime, int]] = {}
    for index in range(first, len(ids)):
        moment = _moment(updated[index])
        newest = found.get(ids[index])
        if newest is None or moment >= newest[0]:
            found[ids[index]] = (moment, index)
    return {number: index for number, (_, index) in found.items()}


def _bury_merged(
    place: dict[str, int],
    fresh: dict[str, int],
    merged_ids: pa.ChunkedArray,
    deleted: list[bool],
    merged_into: list[str | None],
) -> None:
    """A performer that another one names in its merged_ids is gone, unless it was just listed."""
    names = merged_ids.to_pylist()
    for number in sorted(place):
        target = place[number]
        for merged in () if deleted[target] else sorted(names[target] or ()):
            if merged in place and merged != number and merged not in fresh:
                deleted[place[merged]] = True
                merged_into[place[merged]] = number


def fold_images(before: pa.Table, now: pa.Table, performers: pa.Table) -> pa.Table:
    """One row per URL that a live performer advertises, sorted by URL; IMAGES in and out.

    A failure never replaces a picture that was fetched before; `known` reads `fetched`.
    """
    live = performers.filter(pc.invert(performers["deleted"]))
    advertised = pc.struct_field(pc.list_flatten(live["images"]), "url")
    both = pa.concat_tables([before, now])
    both = both.filter(pc.is_in(both["url"], value_set=pc.unique(advertised)))
    place: dict[str, int] = {}
    fetched = pc.is_valid(both["sha256"]).to_pylist()
    statuses = both["status"].to_pylist()
    for index, url in enumerate(both["url"].to_pylist()):
        if statuses[index] != "failed" or url not in place or not fetched[place[url]]:
            place[url] = index
    folded = both.take(pa.array([place[url] for url in sorted(place)], pa.int64()))
    status = folded["status"]
    status = pc.if_else(pc.equal(status, "known"), "fetched", status)
    field = IMAGES.field("status")
    return _tidy(folded.set_column(IMAGES.get_field_index("status"), field, status), IMAGES)


def _tidy(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """In one piece and without the parts' notes, so that equal rows are written as equal bytes."""
    return table.cast(schema).replace_schema_metadata(None).combine_chunks()
