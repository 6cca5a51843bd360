"""Names and numbers that the public sidecar fixes. Nothing here is ours to change."""

from __future__ import annotations

SCHEMA_VERSION = 9
DATABASE = "performers.db"
FACENET_INDEX = "face_facenet.voy"
ARCFACE_INDEX = "face_arcface.voy"
FACES_JSON = "faces.json"
PERFORMERS_JSON = "performers.json"
MANIFEST = "manifest.json"
INDEXES = (FACENET_INDEX, ARCFACE_INDEX)
CHECKSUMMED = (DATABASE, FACENET_INDEX, ARCFACE_INDEX, FACES_JSON, PERFORMERS_JSON)
RELEASE_FILES = (*CHECKSUMMED, MANIFEST)
SUMS = "SHA256SUMS"  # ours: covers manifest.json, too
SIGNATURE = "manifest.sig"  # ours, optional: ed25519 over manifest.json, base64
REPORT_SUMS = "REPORTS.sha256"  # ours: covers what lies beside the six files

DIMENSIONS = 512
NEIGHBOURS = 100  # the sidecar's k; fewer live vectors raise in Voyager
FUSION_WEIGHT = 0.5  # of either model
MISSING_DISTANCE = 0.5  # for a face that only one model returned
MAX_DISTANCE = 0.8  # the sidecar's default threshold
SCENE_DISTANCE = 0.5  # the threshold of its tuned scene mode

DOMAINS = {
    "stashdb": "stashdb.org",
    "theporndb": "theporndb.net",
    "fansdb": "fansdb.cc",
    "pmvstash": "pmvstash.org",
    "javstash": "javstash.org",
}

# Tables that the sidecar reads with SELECT * into records that refuse any other column.
STRICT_COLUMNS: dict[str, tuple[str, ...]] = {
    "performers": (
        "id",
        "canonical_name",
        "disambiguation",
        "gender",
        "country",
        "ethnicity",
        "birth_date",
        "death_date",
        "height_cm",
        "eye_color",
        "hair_color",
        "career_start_year",
        "career_end_year",
        "scene_count",
        "stashdb_updated_at",
        "face_count",
        "image_url",
        "created_at",
        "updated_at",
    ),
    "stashbox_ids": ("performer_id", "endpoint", "stashbox_performer_id", "created_at"),
    "aliases": ("id", "performer_id", "alias", "source_endpoint", "created_at"),
    "faces": (
        "id",
        "performer_id",
        "facenet_index",
        "arcface_index",
        "image_url",
        "source_endpoint",
        "quality_score",
        "created_at",
        "pruned",
        "yaw",
    ),
}
OTHER_TABLES = (
    "schema_version",
    "external_urls",
    "merged_ids",
    "tattoos",
    "piercings",
    "scrape_progress",
    "body_proportions",
    "tattoo_detections",
)
