-- state.db, version 1: what must outlive every run. Written in one transaction, when a release is published.
-- Permanent performer ids: given once, never reused.
CREATE TABLE IF NOT EXISTS performers (
    id INTEGER PRIMARY KEY,
    first_run TEXT NOT NULL,
    created_at TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS claims (
    source TEXT NOT NULL,
    source_id TEXT NOT NULL,
    performer_id INTEGER NOT NULL REFERENCES performers (id),
    first_run TEXT NOT NULL,
    PRIMARY KEY (source, source_id)
);
-- old_id is answered by new_id from then on.
CREATE TABLE IF NOT EXISTS merges (
    old_id INTEGER PRIMARY KEY REFERENCES performers (id),
    new_id INTEGER NOT NULL REFERENCES performers (id),
    evidence TEXT NOT NULL,
    run_id TEXT NOT NULL
);
-- The last good crawl of a source: its snapshot lies in runs/<run_id>/snapshot/<source>.
CREATE TABLE IF NOT EXISTS snapshots (
    source TEXT PRIMARY KEY,
    run_id TEXT NOT NULL,
    watermark TEXT,
    live_performers INTEGER NOT NULL,
    full_sweep_at TEXT
);
CREATE TABLE IF NOT EXISTS image_ledger (
    url TEXT PRIMARY KEY,
    status TEXT NOT NULL,
    sha256 TEXT,
    bytes INTEGER,
    content_type TEXT,
    reason TEXT,
    etag TEXT,
    last_modified TEXT,
    source TEXT NOT NULL,
    fetched_at TEXT NOT NULL,
    run_id TEXT
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS published (
    run_id TEXT PRIMARY KEY,
    version_id TEXT NOT NULL,  -- the release that holds this run's result
    version TEXT NOT NULL,
    published_at TEXT NOT NULL
);
