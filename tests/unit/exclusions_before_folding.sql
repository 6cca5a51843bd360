BEGIN TRANSACTION;
CREATE TABLE claim_evidence (
    source TEXT NOT NULL,
    source_id TEXT NOT NULL,
    evidence TEXT NOT NULL,
    run_id TEXT NOT NULL,
    PRIMARY KEY (source, source_id),
    FOREIGN KEY (source, source_id) REFERENCES claims (source, source_id)
);
CREATE TABLE claim_history (
    source TEXT NOT NULL,
    source_id TEXT NOT NULL,
    performer_id INTEGER NOT NULL,
    until_run TEXT NOT NULL
);
CREATE TABLE claims (
    source TEXT NOT NULL,
    source_id TEXT NOT NULL,
    performer_id INTEGER NOT NULL REFERENCES performers (id),
    first_run TEXT NOT NULL,
    PRIMARY KEY (source, source_id)
);
CREATE TABLE exclusion_members (
    exclusion_id INTEGER NOT NULL REFERENCES exclusions (id),
    kind TEXT NOT NULL CHECK (kind IN ('id', 'found', 'image', 'link')),
    value TEXT NOT NULL,
    PRIMARY KEY (exclusion_id, kind, value)
) WITHOUT ROWID;
INSERT INTO "exclusion_members" VALUES(1,'link','75cd61e117af1041:da3911db241f600e');
INSERT INTO "exclusion_members" VALUES(2,'link','64c9ed643884daba:5399bb05993b36c5');
INSERT INTO "exclusion_members" VALUES(3,'link','f6391c926b0e91f3:6507c1a4991ac0e7');
INSERT INTO "exclusion_members" VALUES(4,'link','cdc3bc1f60000eba:99cf4ec293903542');
INSERT INTO "exclusion_members" VALUES(5,'link','a9a3bdd85101b34d:dd6abd7a00c9bf75');
INSERT INTO "exclusion_members" VALUES(6,'link','dc6fb38e2f1b4594:18d3e7d3210920b5');
INSERT INTO "exclusion_members" VALUES(7,'link','316428bc818d1f90:287c718f5ae11aa6');
INSERT INTO "exclusion_members" VALUES(8,'link','f0e2c72a901f98f0:ee54a5fa18b1e9c6');
INSERT INTO "exclusion_members" VALUES(9,'link','8556cfc81656717d:6b4775ec659e416c');
INSERT INTO "exclusion_members" VALUES(10,'link','d80512167e1e9bb1:62cba9876184803b');
INSERT INTO "exclusion_members" VALUES(11,'link','6497a001d88d962a:9d6bd151ccbd6d68');
INSERT INTO "exclusion_members" VALUES(12,'link','f9a0a78aaaf01186:5ea7c200ce31d315');
INSERT INTO "exclusion_members" VALUES(13,'link','df25785f2f47898d:b61dd921de421d70');
INSERT INTO "exclusion_members" VALUES(14,'link','b4e468711bd094aa:8edfa7c77669fa57');
CREATE TABLE exclusions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL CHECK (kind IN ('id', 'url', 'person', 'image')),
    value TEXT NOT NULL,  -- in the one spelling that records are compared by
    reason TEXT NOT NULL,
    added_at TEXT NOT NULL,
    removed_at TEXT
);
INSERT INTO "exclusions" VALUES(1,'person','małgorzata zorn|1990-01-01','asked','2026-11-02T00:00:00Z',NULL);
INSERT INTO "exclusions" VALUES(2,'person','alvik søren|1990-01-02','asked','2026-11-02T00:00:00Z',NULL);
INSERT INTO "exclusions" VALUES(3,'person','алена зорина|1990-01-03','asked','2026-11-02T00:00:00Z',NULL);
INSERT INTO "exclusions" VALUES(4,'person','ελενη ζορα|1990-01-04','asked','2026-11-02T00:00:00Z',NULL);
INSERT INTO "exclusions" VALUES(5,'person','かな みの|1990-01-05','asked','2026-11-02T00:00:00Z',NULL);
INSERT INTO "exclusions" VALUES(6,'person','ज म र|1990-01-06','asked','2026-11-02T00:00:00Z',NULL);
INSERT INTO "exclusions" VALUES(7,'person','ฟาใส โซระ|1990-01-07','asked','2026-11-02T00:00:00Z',NULL);
INSERT INTO "exclusions" VALUES(8,'person','זור מרים|1990-01-08','asked','2026-11-02T00:00:00Z',NULL);
INSERT INTO "exclusions" VALUES(9,'person','زورة منى|1990-01-09','asked','2026-11-02T00:00:00Z',NULL);
INSERT INTO "exclusions" VALUES(10,'person','김솔아 조라|1990-01-10','asked','2026-11-02T00:00:00Z',NULL);
INSERT INTO "exclusions" VALUES(11,'person','nguyen thi zora|1990-01-11','asked','2026-11-02T00:00:00Z',NULL);
INSERT INTO "exclusions" VALUES(12,'person','isıl zorun|1990-01-12','asked','2026-11-02T00:00:00Z',NULL);
INSERT INTO "exclusions" VALUES(13,'person','mira zorn|1990-01-13','asked','2026-11-02T00:00:00Z',NULL);
INSERT INTO "exclusions" VALUES(14,'person','田中 空良|1990-01-14','asked','2026-11-02T00:00:00Z',NULL);
CREATE TABLE identity_decisions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    action TEXT NOT NULL CHECK (action IN ('merge', 'split')),
    claims TEXT NOT NULL,
    reason TEXT NOT NULL,
    decided_at TEXT NOT NULL,
    undone_at TEXT
);
CREATE TABLE image_ledger (
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
CREATE TABLE merges (
    old_id INTEGER PRIMARY KEY REFERENCES performers (id),
    new_id INTEGER NOT NULL REFERENCES performers (id),
    evidence TEXT NOT NULL,
    run_id TEXT NOT NULL
);
CREATE TABLE merges_undone (
    old_id INTEGER NOT NULL,
    new_id INTEGER NOT NULL,
    evidence TEXT NOT NULL,
    run_id TEXT NOT NULL,
    undone_run TEXT NOT NULL
);
CREATE TABLE performers (
    id INTEGER PRIMARY KEY,
    first_run TEXT NOT NULL,
    created_at TEXT NOT NULL
);
CREATE TABLE pins (
    version_id TEXT PRIMARY KEY,
    reason TEXT NOT NULL,
    pinned_at TEXT NOT NULL
);
CREATE TABLE published (
    run_id TEXT PRIMARY KEY,
    version_id TEXT NOT NULL,  -- the release that holds this run's result
    version TEXT NOT NULL,
    published_at TEXT NOT NULL
);
CREATE TABLE reviews_left (
    key TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    text TEXT NOT NULL,
    reason TEXT NOT NULL,
    left_at TEXT NOT NULL
);
CREATE TABLE snapshots (
    source TEXT PRIMARY KEY,
    run_id TEXT NOT NULL,
    watermark TEXT,
    live_performers INTEGER NOT NULL,
    full_sweep_at TEXT
);
CREATE UNIQUE INDEX exclusions_in_force
    ON exclusions (kind, value) WHERE removed_at IS NULL;
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('exclusions',14);
COMMIT;
PRAGMA user_version = 4;
