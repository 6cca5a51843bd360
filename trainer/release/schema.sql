-- performers.db, schema version 9: what the public sidecar reads.
-- The sidecar reads performers, stashbox_ids, aliases and faces into strict records: never add or
-- drop a column there. What is our own goes into tables of its own (at the end).
CREATE TABLE schema_version (version INTEGER PRIMARY KEY);
CREATE TABLE performers (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    canonical_name TEXT NOT NULL,
    disambiguation TEXT,
    gender TEXT,
    country TEXT,
    ethnicity TEXT,
    birth_date TEXT,
    death_date TEXT,
    height_cm INTEGER,
    eye_color TEXT,
    hair_color TEXT,
    career_start_year INTEGER,
    career_end_year INTEGER,
    scene_count INTEGER,
    stashdb_updated_at TEXT,
    face_count INTEGER DEFAULT 0,
    image_url TEXT,
    created_at TEXT DEFAULT (datetime('now')),
    updated_at TEXT DEFAULT (datetime('now'))
);
CREATE TABLE stashbox_ids (
    performer_id INTEGER NOT NULL REFERENCES performers (id) ON DELETE CASCADE,
    endpoint TEXT NOT NULL,
    stashbox_performer_id TEXT NOT NULL,
    created_at TEXT DEFAULT (datetime('now')),
    PRIMARY KEY (endpoint, stashbox_performer_id)
);
CREATE TABLE aliases (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    performer_id INTEGER NOT NULL REFERENCES performers (id) ON DELETE CASCADE,
    alias TEXT NOT NULL,
    source_endpoint TEXT,
    created_at TEXT DEFAULT (datetime('now')),
    UNIQUE (performer_id, alias)
);
CREATE TABLE faces (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    performer_id INTEGER NOT NULL REFERENCES performers (id) ON DELETE CASCADE,
    facenet_index INTEGER NOT NULL UNIQUE,
    arcface_index INTEGER NOT NULL UNIQUE,
    image_url TEXT,
    source_endpoint TEXT NOT NULL,
    quality_score REAL,
    created_at TEXT DEFAULT (datetime('now')),
    pruned INTEGER DEFAULT 0,
    yaw REAL
);
CREATE TABLE external_urls (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    performer_id INTEGER NOT NULL REFERENCES performers (id) ON DELETE CASCADE,
    site TEXT NOT NULL,
    url TEXT NOT NULL,
    normalized_id TEXT NOT NULL,
    source_endpoint TEXT,
    confidence REAL DEFAULT 1.0,
    created_at TEXT DEFAULT (datetime('now')),
    UNIQUE (site, normalized_id)
);
CREATE TABLE merged_ids (
    performer_id INTEGER NOT NULL REFERENCES performers (id) ON DELETE CASCADE,
    merged_stashbox_id TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    merged_at TEXT,
    PRIMARY KEY (endpoint, merged_stashbox_id)
);
CREATE TABLE tattoos (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    performer_id INTEGER NOT NULL REFERENCES performers (id) ON DELETE CASCADE,
    location TEXT,
    description TEXT,
    source_endpoint TEXT,
    created_at TEXT DEFAULT (datetime('now')),
    UNIQUE (performer_id, location, description)
);
CREATE TABLE piercings (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    performer_id INTEGER NOT NULL REFERENCES performers (id) ON DELETE CASCADE,
    location TEXT,
    description TEXT,
    source_endpoint TEXT,
    created_at TEXT DEFAULT (datetime('now')),
    UNIQUE (performer_id, location, description)
);
-- Expected by the sidecar; a release leaves them empty.
CREATE TABLE scrape_progress (
    source TEXT PRIMARY KEY,
    last_processed_id TEXT,
    last_processed_time TEXT,
    performers_processed INTEGER DEFAULT 0,
    faces_added INTEGER DEFAULT 0,
    errors INTEGER DEFAULT 0
);
CREATE TABLE body_proportions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    performer_id INTEGER NOT NULL REFERENCES performers (id) ON DELETE CASCADE,
    shoulder_hip_ratio REAL,
    leg_torso_ratio REAL,
    arm_span_height_ratio REAL,
    confidence REAL
);
CREATE TABLE tattoo_detections (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    performer_id INTEGER NOT NULL REFERENCES performers (id) ON DELETE CASCADE,
    has_tattoos INTEGER,
    confidence REAL,
    detections_json TEXT
);
-- Our own: where every face came from, and what two performers both claimed.
CREATE TABLE face_provenance (
    face_id INTEGER PRIMARY KEY REFERENCES faces (id) ON DELETE CASCADE,
    image_sha256 TEXT NOT NULL,
    face_no INTEGER NOT NULL,
    source TEXT NOT NULL,
    page_url TEXT,
    run_id TEXT,
    model_pack TEXT NOT NULL,
    rule TEXT NOT NULL
);
CREATE TABLE url_conflicts (
    site TEXT NOT NULL,
    normalized_id TEXT NOT NULL,
    kept_performer_id INTEGER NOT NULL REFERENCES performers (id) ON DELETE CASCADE,
    performer_id INTEGER NOT NULL REFERENCES performers (id) ON DELETE CASCADE,
    url TEXT NOT NULL,
    source TEXT
);
CREATE TABLE merged_conflicts (
    endpoint TEXT NOT NULL,
    merged_stashbox_id TEXT NOT NULL,
    kept_performer_id INTEGER NOT NULL REFERENCES performers (id) ON DELETE CASCADE,
    performer_id INTEGER NOT NULL REFERENCES performers (id) ON DELETE CASCADE
);
