"""Every fact is declared in one place; all schemas and lists have what is declared there."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import get_type_hints

import pyarrow as pa
import pytest

from scrapy_project.parsing.profile import Profile
from trainer.config.settings import REPO_ROOT
from trainer.identity.canonical import Performer
from trainer.identity.claims import ClaimFacts
from trainer.release.contract import STRICT_COLUMNS
from trainer.release.diff_read import _COMPARED
from trainer.release.inputs import PERFORMER_INPUT
from trainer.staging import rows
from trainer.staging.performer_facts import (
    DATABASE_FACTS,
    FACT_NAMES,
    FACTS,
    PAGE_FACTS,
)
from trainer.staging.schemas import IMAGES, PERFORMERS, TARGETS

COUNTED = {"id", "face_count"}  # columns of performers.db that no input has
NO_FACTS = {
    *("canonical_name", "stashdb_updated_at", "image_url", "created_at", "updated_at"),
    *COUNTED,
}
SQL_TYPES = {pa.string(): "TEXT", pa.int32(): "INTEGER"}


def test_the_facts_are_all_that_the_database_says_of_a_person():
    """By the sidecar's columns, less those that are not facts."""
    facts = [name for name in STRICT_COLUMNS["performers"] if name not in NO_FACTS]
    assert sorted(DATABASE_FACTS) == sorted(facts)
    assert set(DATABASE_FACTS) - set(PAGE_FACTS) == {"disambiguation", "scene_count"}
    assert list(_COMPARED) == [*(name for name in facts if name != "scene_count"), "image_url"]


@pytest.mark.parametrize("schema", [PERFORMERS, PERFORMER_INPUT])
def test_every_schema_has_every_fact(schema):
    for fact in FACTS:
        assert schema.field(fact.name).equals(pa.field(fact.name, fact.arrow_type, nullable=True))


def test_matching_and_pages_have_the_facts():
    assert set(FACT_NAMES) <= set(ClaimFacts.__dataclass_fields__)
    assert set(Profile.model_fields) & set(FACT_NAMES) == set(PAGE_FACTS)


def test_the_input_fits_the_database_that_the_sidecar_reads():
    columns = set(STRICT_COLUMNS["performers"])
    assert columns - COUNTED <= set(PERFORMER_INPUT.names)
    assert set(DATABASE_FACTS) <= columns
    assert not {fact.name for fact in FACTS if not fact.use.in_database} & columns
    sql = (REPO_ROOT / "trainer" / "release" / "schema.sql").read_text(encoding="utf-8")
    table = re.search(r"CREATE TABLE performers \((.*?)\n\);", sql, re.DOTALL)
    assert table is not None
    types = dict(re.findall(r"^    (\w+) (\w+)", table[1], re.MULTILINE))
    for fact in FACTS:
        if fact.use.in_database:
            assert types[fact.name] == SQL_TYPES[fact.arrow_type], fact.name


def fields_of(kind: pa.DataType) -> set[str]:
    return {kind.value_type.field(n).name for n in range(kind.value_type.num_fields)}


def test_rows_have_the_columns_of_their_schemas():
    """A typed row names no column that its file lacks, and all that are not facts."""
    assert set(rows.PerformerRecord.__annotations__) | set(FACT_NAMES) == set(PERFORMERS.names)
    assert set(rows.ImageRow.__annotations__) == set(IMAGES.names)
    assert set(rows.Target.__annotations__) == set(TARGETS.names)
    assert set(Performer.__annotations__) | set(FACT_NAMES) == set(PERFORMER_INPUT.names)
    for row, schema, column in (
        (rows.Link, PERFORMERS, "urls"),
        (rows.Mark, PERFORMERS, "tattoos"),
        (rows.Mark, PERFORMERS, "piercings"),
        (rows.AdvertisedImage, PERFORMERS, "images"),
        (rows.RecordId, PERFORMERS, "owners"),
        (rows.Candidate, TARGETS, "candidates"),
    ):
        assert set(get_type_hints(row)) == fields_of(schema.field(column).type), column


def test_facts_in_typed_rows_have_their_declared_types():
    types = {pa.string(): str | None, pa.int32(): int | None}
    for row in (rows.PerformerRecord, rows.Candidate):
        hints = get_type_hints(row)
        for fact in FACTS:
            if fact.name in hints:
                assert hints[fact.name] == types[fact.arrow_type], fact.name


# Two lines more in the one place. What follows runs beside the code as it is, in its own process.
INVENTED = """
import importlib.util, sys
from pathlib import Path

path = Path("trainer/staging/performer_facts.py")
text = path.read_text(encoding="utf-8")
for after, line in (
    ("    hair_color:", "    shoe_size: Annotated[int | None, Use(in_database=False)] = None"),
    ("    disambiguation:", "    stage_school: Annotated[str | None, Use(False)] = None"),
):
    place = text.index("\\n", text.index(after))
    text = f"{text[:place]}\\n{line}{text[place:]}"
name = "trainer.staging.performer_facts"
spec = importlib.util.spec_from_loader(name, loader=None)
module = importlib.util.module_from_spec(spec)
sys.modules[name] = module
exec(compile(text, str(path), "exec"), module.__dict__)

from types import SimpleNamespace

import polars as pl

from scrapy_project.parsing.profile import Profile
from scrapy_project.storage.profile_rows import profile_row
from trainer.config.sources import SourceConfig, shipped_sources
from trainer.crawl.confirm import Confirmation
from trainer.identity.canonical import canonical
from trainer.identity.site_table import site_table
from trainer.pipeline import claim_facts
from trainer.release.diff_read import _COMPARED
from trainer.release.inputs import PERFORMER_INPUT, ReleaseInputs
from trainer.release.sqlite_rows import rows_of
from trainer.staging.frames import read_frame
from trainer.staging.parquet import write_rows, write_table
from trainer.staging.schemas import PERFORMERS

work = Path(sys.argv[1])
sources = shipped_sources()
box, site = sources["stashdb"], next(s for s in sources.values() if s.page is not None)

record = dict.fromkeys(PERFORMERS.names) | {
    "source": "stashdb", "source_id": "1", "name": "Mira Vask", "page_url": "https://a.example/1",
    "deleted": False, "stage_school": "North", "birth_date": "1986-03-14",
}
target = {"page_id": "p", "path": "/p", "found_by": "url", "candidates": []}
answer = SimpleNamespace(url="https://site.example/p", headers={})
page = Profile(name="Mira Vask", shoe_size=38)
page = profile_row(site, target, page, (), Confirmation((("stashdb", "1"),)), answer, "2026-11-01")

dirs = {"stashdb": work / "stashdb", site.key: work / "site"}
write_rows(dirs["stashdb"] / "performers.parquet", [record], PERFORMERS)
write_rows(dirs[site.key] / "performers.parquet", [page], PERFORMERS)
records, pages = claim_facts.read_records(dirs, sources)
(facts,) = claim_facts.facts_of(records, site_table(sources))
assert (facts.stage_school, facts.shoe_size) == ("North", None)

row = canonical(1, list(records.values()), (), sources, "2026-11-01T00:00:00Z", pages)
assert (row["shoe_size"], row["stage_school"]) == (38, "North")
write_rows(work / "input.parquet", [row], PERFORMER_INPUT)
people = read_frame(work / "input.parquet")
assert people.select("shoe_size", "stage_school").rows() == [(38, "North")]
assert people.schema["shoe_size"] == pl.Int32
faces = pl.DataFrame(schema={"performer_id": pl.Int64, "image_url": pl.String,
    "source": pl.String, "quality_score": pl.Float64, "created_at": pl.String, "yaw": pl.Float64,
    "image_sha256": pl.String, "face_no": pl.Int16, "page_url": pl.String, "run_id": pl.String,
    "rule": pl.String})
table = rows_of(ReleaseInputs(people, faces, work), "pack").tables["performers"]
assert "shoe_size" not in table.columns and "shoe_size" not in _COMPARED

old = [n for n in PERFORMERS.names if n not in ("shoe_size", "stage_school")]
path = dirs["stashdb"] / "performers.parquet"
import pyarrow.parquet as pq
write_table(path, pq.read_table(path, columns=old))  # a snapshot of before the facts were known
records, _ = claim_facts.read_records(dirs, sources)
assert records["stashdb", "1"]["stage_school"] is None
print("arrived")
"""


def test_a_new_fact_is_a_line_in_one_place(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", INVENTED, str(tmp_path)],
        cwd=REPO_ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "arrived\n", done.stderr
