"""The words that Kubernetes allows: names, label values and sizes."""

from __future__ import annotations

import hashlib
import re

from trainer.embedding.spec import LABEL, ContainerSpec
from trainer.errors import ConfigError

APP_LABELS = {"app.kubernetes.io/name": "stash-sense-trainer-embedder"}  # for a NetworkPolicy
MAX_NAME = 63  # of a DNS label; of a label's value too
_LABEL_VALUE = re.compile(r"[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?")
_SIZE = re.compile(r"(\d+(?:\.\d+)?)([bkmgt]?)b?", re.IGNORECASE)
_BINARY = {"": "", "b": "", "k": "Ki", "m": "Mi", "g": "Gi", "t": "Ti"}


def pod_name(spec: ContainerSpec) -> str:
    """The same for every try of a shard of a run: the cluster itself refuses a second one."""
    data_dir, shard, run = (
        spec.labels[f"{LABEL}.{key}"] for key in ("data_dir", "shard", "run_id")
    )
    digest = hashlib.sha256("\0".join((data_dir, shard, run)).encode()).hexdigest()[:10]
    readable = re.sub(r"[^a-z0-9]+", "-", f"sst-embed-{shard}-{run}".lower())
    return f"{readable[: MAX_NAME - len(digest) - 1].rstrip('-')}-{digest}"


def pod_labels(labels: dict[str, str]) -> dict[str, str]:
    """`labels` with legal values (a hash of what is not), and what a NetworkPolicy matches."""
    return {**APP_LABELS, **{key: _label_value(value) for key, value in labels.items()}}


def quantity(size: str) -> str:
    """Docker's size (`4g`, of 1024s) as Kubernetes writes it (`4Gi`)."""
    match = _SIZE.fullmatch(size.strip())
    if match is None:
        raise ConfigError(f"{size!r} is no size of memory; write it like 4g or 512m")
    return f"{match[1]}{_BINARY[match[2].lower()]}"


def _label_value(value: str) -> str:
    if _LABEL_VALUE.fullmatch(value):
        return value
    return f"sha256-{hashlib.sha256(value.encode()).hexdigest()[:32]}"
