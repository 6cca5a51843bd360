"""The embedder's container as a Kubernetes pod: a `ContainerSpec` as a plain manifest."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path, PurePath
from typing import Any

from trainer.embedding.spec import LABEL, BindMount, ContainerSpec
from trainer.errors import ConfigError

CONTAINER = "embedder"
VOLUME = "data"
APP_LABELS = {"app.kubernetes.io/name": "stash-sense-trainer-embedder"}  # for a NetworkPolicy
GPU_RESOURCE = "nvidia.com/gpu"
STOP_SECONDS = 60
DEADLINE_SECONDS = 24 * 3600  # the next try goes on from the parts that are written

MAX_NAME = 63  # of a DNS label; of a label's value too
_LABEL_VALUE = re.compile(r"[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?")
_SIZE = re.compile(r"(\d+(?:\.\d+)?)([bkmgt]?)b?", re.IGNORECASE)
_BINARY = {"": "", "b": "", "k": "Ki", "m": "Mi", "g": "Gi", "t": "Ti"}


def pod_manifest(
    spec: ContainerSpec, *, data_dir: Path, claim: str, namespace: str
) -> dict[str, Any]:
    """The pod for one shard, as `kubectl apply` would take it.

    The claim's root is DATA_DIR, which has the same path inside. A limit on processes and the
    absence of a network are no fields of a pod; the cluster sets them (docs/operations.md).
    Raises `ConfigError` for a path outside of `data_dir` or a size that Kubernetes has no word for.
    """
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": pod_name(spec),
            "namespace": namespace,
            "labels": pod_labels(spec.labels),
            "annotations": dict(spec.labels),
        },
        "spec": {
            "restartPolicy": "Never",
            "activeDeadlineSeconds": DEADLINE_SECONDS,
            "terminationGracePeriodSeconds": STOP_SECONDS,
            "automountServiceAccountToken": False,
            "enableServiceLinks": False,
            "securityContext": _pod_security(spec),
            "containers": [_container(spec, data_dir)],
            "volumes": [
                {"name": VOLUME, "persistentVolumeClaim": {"claimName": claim}},
                *(_memory_volume(path, options) for path, options in spec.tmpfs.items()),
            ],
        },
    }


def pod_name(spec: ContainerSpec) -> str:
    """The same for every try of a shard of a run: the cluster itself refuses a second one."""
    identity = "\0".join(spec.labels[key] for key in sorted(spec.labels))
    digest = hashlib.sha256(identity.encode()).hexdigest()[:10]
    said = f"sst-embed-{spec.labels[f'{LABEL}.shard']}-{spec.labels[f'{LABEL}.run_id']}"
    readable = re.sub(r"[^a-z0-9]+", "-", said.lower())
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


def _pod_security(spec: ContainerSpec) -> dict[str, Any]:
    """No fsGroup: it would have the whole claim's owners changed before each start."""
    uid, gid = (int(part) for part in spec.user.split(":"))
    return {
        "runAsNonRoot": True,
        "runAsUser": uid,
        "runAsGroup": gid,
        "seccompProfile": {"type": "RuntimeDefault"},
    }


def _container(spec: ContainerSpec, data_dir: Path) -> dict[str, Any]:
    return {
        "name": CONTAINER,
        "image": spec.image,
        "args": list(spec.command),
        "env": [{"name": name, "value": value} for name, value in spec.environment.items()],
        "resources": _resources(spec),
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": spec.read_only,
            "capabilities": {"drop": list(spec.cap_drop)},
        },
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "volumeMounts": [
            *(_data_mount(mount, data_dir) for mount in spec.mounts),
            *({"name": _volume_name(path), "mountPath": path} for path in spec.tmpfs),
        ],
    }


def _resources(spec: ContainerSpec) -> dict[str, Any]:
    """Request and limit are one: a GPU cannot be overcommitted, and memory must not be."""
    wanted = {"memory": quantity(spec.mem_limit)}
    if spec.gpu:
        wanted[GPU_RESOURCE] = "1"
    return {"requests": dict(wanted), "limits": dict(wanted)}


def _data_mount(mount: BindMount, data_dir: Path) -> dict[str, Any]:
    if ".." in mount.path.parts or not mount.path.is_relative_to(data_dir):
        raise ConfigError(
            f"{mount.path} is not below DATA_DIR ({data_dir}), so the claim does not hold it"
        )
    below = mount.path.relative_to(data_dir)
    entry = {"name": VOLUME, "mountPath": str(mount.path), "readOnly": mount.read_only}
    return entry if below == PurePath() else {**entry, "subPath": str(below)}


def _volume_name(path: str) -> str:
    return "scratch-" + re.sub(r"[^a-z0-9]+", "-", path.lower()).strip("-")


def _memory_volume(path: str, options: str) -> dict[str, Any]:
    """An emptyDir in memory, which counts as the container's; tmpfs has no other flags here."""
    sizes = [o.removeprefix("size=") for o in options.split(",") if o.startswith("size=")]
    if not sizes:
        raise ConfigError(f"the tmpfs {path} has no size; a pod's scratch space needs a limit")
    return {
        "name": _volume_name(path),
        "emptyDir": {"medium": "Memory", "sizeLimit": quantity(sizes[-1])},
    }
