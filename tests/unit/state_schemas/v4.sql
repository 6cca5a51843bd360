-- state.db, version 4 (state/version.py): what must outlive every run. Records of the way are written in one
-- transaction, when a release is published; decisions of people by commands (at the end).
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
-- Why a record was held to be of its performer, where that was more than its own word.
CREATE TABLE IF NOT EXISTS claim_evidence (
    source TEXT NOT NULL,
    source_id TEXT NOT NULL,
    evidence TEXT NOT NULL,
    run_id TEXT NOT NULL,
    PRIMARY KEY (source, source_id),
    FOREIGN KEY (source, source_id) REFERENCES claims (source, source_id)
);
-- old_id is answered by new_id from then on.
CREATE TABLE IF NOT EXISTS merges (
    old_id INTEGER PRIMARY KEY REFERENCES performers (id),
    new_id INTEGER NOT NULL REFERENCES performers (id),
    evidence TEXT NOT NULL,
    run_id TEXT NOT NULL
);
-- A merge that a person took back: old_id answers for itself again since undone_run.
CREATE TABLE IF NOT EXISTS merges_undone (
    old_id INTEGER NOT NULL,
    new_id INTEGER NOT NULL,
    evidence TEXT NOT NULL,
    run_id TEXT NOT NULL,
    undone_run TEXT NOT NULL
);
-- Ids that a record had before, until a run gave it another.
CREATE TABLE IF NOT EXISTS claim_history (
    source TEXT NOT NULL,
    source_id TEXT NOT NULL,
    performer_id INTEGER NOT NULL,
    until_run TEXT NOT NULL
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
-- What people decided. Written by commands (trainer/state/decisions.py); a row is
-- never deleted, it is taken back.
CREATE TABLE IF NOT EXISTS exclusions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL CHECK (kind IN ('id', 'url', 'person', 'image')),
    value TEXT NOT NULL,  -- in the one spelling that records are compared by
    reason TEXT NOT NULL,
    added_at TEXT NOT NULL,
    removed_at TEXT
);
CREATE UNIQUE INDEX IF NOT EXISTS exclusions_in_force
    ON exclusions (kind, value) WHERE removed_at IS NULL;
-- What was found to belong to an exclusion when it was made or purged, or when a crawl dropped a
-- record, so that it stays out when what led to it is gone. id: a record that the entry matches, or
-- that was of the same performer; found: one that a link led to, from which nothing goes on; image:
-- a picture's hash; link: hashes of a name and of a strong link (trainer/exclusions/link_keys.py).
CREATE TABLE IF NOT EXISTS exclusion_members (
    exclusion_id INTEGER NOT NULL REFERENCES exclusions (id),
    kind TEXT NOT NULL CHECK (kind IN ('id', 'found', 'image', 'link')),
    value TEXT NOT NULL,
    PRIMARY KEY (exclusion_id, kind, value)
) WITHOUT ROWID;
-- `claims`: JSON, two lists of [source, source_id]: the records of both sides, which are (merge) or
-- are not (split) one person.
CREATE TABLE IF NOT EXISTS identity_decisions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    action TEXT NOT NULL CHECK (action IN ('merge', 'split')),
    claims TEXT NOT NULL,
    reason TEXT NOT NULL,
    decided_at TEXT NOT NULL,
    undone_at TEXT
);
CREATE TABLE IF NOT EXISTS pins (
    version_id TEXT PRIMARY KEY,
    reason TEXT NOT NULL,
    pinned_at TEXT NOT NULL
);
-- Review items that a person left as they are; `key` is made of all that is asked.
CREATE TABLE IF NOT EXISTS reviews_left (
    key TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    text TEXT NOT NULL,
    reason TEXT NOT NULL,
    left_at TEXT NOT NULL
);
