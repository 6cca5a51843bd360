"""Physical removal of what is here of excluded people. Every file changes whole or not at all, and
a purge that was killed is simply run again."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from trainer.embedding.scene_queries import is_whole, query_parts
from trainer.exclusions.edit import remember
from trainer.exclusions.entries import Exclusion, Exclusions, read_entries, read_exclusions
from trainer.exclusions.error_redaction import names_of
from trainer.exclusions.list_file import bring_in
from trainer.exclusions.listed import Listed
from trainer.exclusions.members import Found, claims_of, crawled_files, find_members
from trainer.exclusions.redact_tables import Redaction, redact
from trainer.exclusions.release_check import drop_packages, may_hold
from trainer.exclusions.run_redaction import traces
from trainer.exclusions.state_redaction import forget_images, forget_texts
from trainer.faces.cache import cache_parts
from trainer.release.contract import DATABASE
from trainer.release.diff import DIFF_JSON
from trainer.release.files import release_dirs
from trainer.release.removal import sweep
from trainer.runs.record import write_runs_json
from trainer.staging.atomic import remove_temporaries
from trainer.staging.lock import build_lock
from trainer.staging.parquet import stream_rows
from trainer.staging.paths import DataDir
from trainer.state.store import Claim, KnownIdentities, read_identities


@dataclass
class Purged:
    """What a purge removed, and which releases still hold excluded people or pictures.

    `texts`: places where words about a person were replaced, or taken out.
    """

    pictures: int = 0
    faces: int = 0
    rows: int = 0
    ledger: int = 0
    texts: int = 0
    with_them: list[str] = field(default_factory=list)  # records that were not noted before
    candidates: list[str] = field(default_factory=list)
    packages: list[str] = field(default_factory=list)
    releases: list[str] = field(default_factory=list)

    def follow_up(self) -> list[str]:
        """Return what was found beside the excluded people, and what is left to do, for people."""
        lines = []
        if self.with_them:
            lines.append(f"found to be excluded, too: {'; '.join(self.with_them)}")
        if self.candidates:
            lines.append(f"candidates deleted, build again: {', '.join(self.candidates)}")
        if self.packages:
            lines.append(f"zips and deltas deleted, make them again: {', '.join(self.packages)}")
        if self.releases:
            lines.append(
                f"releases that still hold excluded people: {', '.join(self.releases)}; run "
                "`trainer build`, then delete the older ones"
            )
        return lines


def purge(data: DataDir) -> Purged:
    """Raises `StageFailed` while a build runs."""
    with build_lock(data.lock):
        bring_in(data)
        entries = read_entries(data)
        if not entries:
            return Purged()
        found = find_members(data, entries)
        members = {number: own.members for number, own in found.items()}
        remember(data, members)  # first: what is gone can't be found again
        claims = claims_of(entries, found)
        known = read_identities(data.state_db)
        out = _out(data, read_exclusions(data), claims, known)
        done = Purged(with_them=_new_people(entries, found))
        _clean(data)
        for sha in sorted(out.images):
            done.pictures += _delete(data.image(sha))
        for path in sorted((data.root / "faces").glob("*/")):
            done.faces += sum(redact(part, out) for part in cache_parts(path))
            done.faces += _scrub_queries(path, out)
        done.ledger = forget_images(data, out.urls, out.images)
        _purge_runs(data, out, claims, known, done)
        listed = Listed(frozenset(claims), out.images)
        done.candidates = _drop_candidates(data, listed)
        done.packages = drop_packages(data, listed)
        done.releases = [p.name for p in release_dirs(data) if may_hold(p, listed)]
        return done


def _out(
    data: DataDir, exclusions: Exclusions, claims: set[Claim], known: KnownIdentities
) -> Redaction:
    urls, names = set[str](), set[str | None]()
    for path in crawled_files(data, "performers"):
        for row in stream_rows(path, ["source", "source_id", "name", "aliases", "images"]):
            if (row["source"], row["source_id"]) in claims:
                urls.update(image["url"] for image in row["images"] or ())
                names.update((row["name"], *(row["aliases"] or ())))
    return Redaction(
        frozenset(f"{source}:{number}" for source, number in claims),
        frozenset(exclusions.images),
        frozenset(urls),
        frozenset(known.current(known.claims[c]) for c in claims if c in known.claims),
        names_of(names),
    )


def _scrub_queries(cache: Path, out: Redaction) -> int:
    """Rows of degraded copies. A damaged part can be made again, and may hold anybody: it goes."""
    rows = 0
    for part in query_parts(cache):
        if is_whole(part):
            rows += redact(part, out)
        else:
            part.unlink()
    return rows


def _clean(data: DataDir) -> None:
    """Halves of files and releases that killed writers left."""
    for directory in (data.runs, data.images, data.root / "faces"):
        remove_temporaries(directory)
    if data.releases.is_dir():
        sweep(data)
    # Damaged files that were set aside: nobody can say whom they hold.
    shutil.rmtree(data.quarantine, ignore_errors=True)


def _new_people(entries: Sequence[Exclusion], found: Mapping[int, Found]) -> list[str]:
    before = {value for entry in entries for _, value in entry.members}
    return [
        f"{record} ({why}), with exclusion {number}"
        for number, own in found.items()
        for record, why in sorted(own.people.items())
        if record not in before
    ]


def _delete(path: Path) -> bool:
    there = path.exists()
    path.unlink(missing_ok=True)
    return there


def _purge_runs(
    data: DataDir, out: Redaction, claims: set[Claim], known: KnownIdentities, done: Purged
) -> None:
    """state.db before the runs, which say by which keys it has the person; in the runs the records
    last, since they say which pictures and ids go."""
    found = traces(data, out)
    keys = {key for trace in found for key in trace.review_keys}
    done.texts = forget_texts(data, claims, _ids(out, claims, known), keys)
    done.texts += sum(trace.forget_texts() for trace in found)
    write_runs_json(data)
    files = [(path, trace) for trace in found for path in sorted(trace.files())]
    files.sort(key=lambda pair: pair[0].name.startswith("performers"))
    done.rows = sum(redact(path, trace.out) for path, trace in files)


def _ids(out: Redaction, claims: set[Claim], known: KnownIdentities) -> set[int]:
    """Every id that these people have or had, as far as state.db knows."""
    former = {number for claim in claims for number in known.former.get(claim, ())}
    merged = {old for old in known.merges if known.current(old) in out.performers}
    return {*out.performers, *former, *merged}


def _drop_candidates(data: DataDir, listed: Listed) -> list[str]:
    """Releases that were built and not published: nobody may publish them any more. What a rejected
    one left says who was to come."""
    found = [
        path
        for path in sorted(data.runs.glob("*/release"))
        if may_hold(path, listed) or _speaks_of(path, listed)
    ]
    for path in found:
        shutil.rmtree(path)
    return [path.parent.name for path in found]


def _speaks_of(release: Path, listed: Listed) -> bool:
    report = release / DIFF_JSON
    if (release / DATABASE).exists() or not report.exists():
        return False
    text = report.read_text(encoding="utf-8")
    return any(number in text for _, number in listed.claims) or any(
        sha in text for sha in listed.images
    )
