"""The Parquet schemas of staging and of the face cache: the contract between the packages."""

from __future__ import annotations

import pyarrow as pa

from trainer.staging.performer_facts import FACTS

EMBEDDING_WIDTH = 512
EMBEDDING_BYTES = EMBEDDING_WIDTH * 2  # float16, little endian, unit length
NO_FACE_NO = -1  # face_no of a picture's "no_face" or "refused" row


def list_of_texts(*names: str) -> pa.DataType:
    """The type of a list of records whose fields `names` are all texts."""
    return pa.list_(pa.struct([(name, pa.string()) for name in names]))


def required(name: str, kind: pa.DataType) -> pa.Field:
    """A column that no row leaves out."""
    return pa.field(name, kind, nullable=False)


_IMAGE = pa.struct(
    [
        ("url", pa.string()),
        ("image_id", pa.string()),
        ("width", pa.int32()),
        ("height", pa.int32()),
        # Fetched only where the picture of that URL is gone.
        ("fallback_for", pa.string()),
    ]
)
_CANDIDATE = pa.struct(
    [
        ("source", pa.string()),
        ("source_id", pa.string()),
        ("name", pa.string()),
        ("aliases", pa.list_(pa.string())),
        ("birth_date", pa.string()),
        ("country", pa.string()),
        ("urls", pa.list_(pa.string())),
    ]
)

# One row per performer as a source describes it (`rows.PerformerRecord`).
PERFORMERS = pa.schema(
    [
        *(required(name, pa.string()) for name in ("source", "source_id", "name", "page_url")),
        *(fact.field for fact in FACTS),
        ("aliases", pa.list_(pa.string())),
        ("urls", list_of_texts("url", "site")),
        ("tattoos", list_of_texts("location", "description")),
        ("piercings", list_of_texts("location", "description")),
        ("merged_ids", pa.list_(pa.string())),
        ("merged_into_id", pa.string()),
        required("deleted", pa.bool_()),
        ("created_at", pa.string()),
        ("updated_at", pa.string()),
        # What the source advertises, picture by picture, in its order.
        ("images", pa.list_(_IMAGE)),
        # Reference sites only. The records whose performer this page is held to describe, how the
        # page was found (url | name), and what confirms the person: the page's name where it was
        # found by a link, else a second fact (null: not confirmed, a person has to look).
        ("owners", list_of_texts("source", "source_id")),
        ("found_by", pa.string()),
        ("confirmed_by", pa.string()),
        # What the page's server said of its version, for the next conditional request.
        ("etag", pa.string()),
        ("last_modified", pa.string()),
        ("fetched_at", pa.string()),
    ]
)

# One row per page that a reference site is asked for: what is known of the performer, so that the
# page can be confirmed to be of the same person. In the order of visiting (`rows.Target`).
TARGETS = pa.schema(
    [
        required("page_id", pa.string()),  # the site's stable id, or the slug
        required("path", pa.string()),  # below the source's base_url
        required("found_by", pa.string()),  # url | name
        # Who the page may be of: the records that link to it, or that have this name.
        required("candidates", pa.list_(_CANDIDATE)),
        ("scene_count", pa.int32()),  # of the candidate with most
    ]
)

# One row per picture URL that a run looked at (`rows.ImageRow`).
# status: fetched | known | refused | failed.
# refused is the picture's fault (permanent), failed the network's (tried again next run).
IMAGES = pa.schema(
    [
        required("url", pa.string()),
        required("source", pa.string()),
        required("status", pa.string()),
        ("sha256", pa.string()),
        ("bytes", pa.int64()),
        ("content_type", pa.string()),
        ("reason", pa.string()),
        ("etag", pa.string()),
        ("last_modified", pa.string()),
        required("fetched_at", pa.string()),
        ("run_id", pa.string()),  # the run that fetched it; a `known` row keeps the first one's
    ]
)

# The face cache. outcome: face | no_face | refused; the last two have face_no = NO_FACE_NO.
FACES = pa.schema(
    [
        required("image_sha256", pa.string()),
        required("face_no", pa.int16()),
        required("outcome", pa.string()),
        ("reason", pa.string()),
        ("image_width", pa.int32()),
        ("image_height", pa.int32()),
        ("faces_in_image", pa.int16()),
        ("box", pa.list_(pa.float32(), 4)),  # x, y, width, height in pixels of the upright picture
        ("landmarks", pa.list_(pa.float32(), 10)),  # x, y of eyes, nose, mouth corners
        ("detector_score", pa.float32()),
        ("sharpness", pa.float32()),  # variance of the Laplacian of the 112 crop
        ("brightness", pa.float32()),  # mean luma of the 112 crop, 0-255
        ("yaw", pa.float32()),  # degrees
        ("pitch", pa.float32()),
        ("roll", pa.float32()),
        ("phash", pa.binary(8)),  # perceptual hash of the whole picture
        # The day on which the picture says that it was taken, YYYY-MM-DD; null in older parts.
        ("taken_on", pa.string()),
        # Degrees counter-clockwise by which the picture was turned before the face was cut out.
        # Box, landmarks and roll are of the picture as it was published, yaw and pitch of the
        # head. Null in older parts, whose pictures were not looked at in other turns.
        ("turn", pa.int16()),
        ("facenet", pa.binary(EMBEDDING_BYTES)),
        ("arcface", pa.binary(EMBEDDING_BYTES)),
    ]
)

# Degraded copies of pictures that show one face, one row per kind (trainer/embedding/
# scene_queries.py). outcome: face | no_face; a picture of which no copies are made has one row,
# unusable.
SCENE_QUERIES = pa.schema(
    [
        pa.field("image_sha256", pa.string(), nullable=False),
        pa.field("face_no", pa.int16(), nullable=False),
        pa.field("kind", pa.string(), nullable=False),
        pa.field("outcome", pa.string(), nullable=False),
        ("facenet", pa.binary(EMBEDDING_BYTES)),
        ("arcface", pa.binary(EMBEDDING_BYTES)),
    ]
)
