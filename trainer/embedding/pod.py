"""The embedder's container as a Kubernetes pod: a `ContainerSpec` as a plain manifest."""

from __future__ import annotations

import re
from pathlib import Path, PurePath
from typing import Any

from trainer.embedding.pod_names import pod_labels, pod_name, quantity
from trainer.embedding.spec import BindMount, ContainerSpec
from trainer.errors import ConfigError

CONTAINER = "embedder"
VOLUME = "data"
GPU_RESOURCE = "nvidia.com/gpu"
STOP_SECONDS = 60
DEADLINE_SECONDS = 24 * 3600  # the next try goes on from the parts that are written


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
            f"{mount.path} is not below DATA_DIR ({data_dir}), so the claim does not hold it; "
            "put it there"
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
        raise ConfigError(f"the tmpfs {path} has no size; give it one, such as size=256m")
    return {
        "name": _volume_name(path),
        "emptyDir": {"medium": "Memory", "sizeLimit": quantity(sizes[-1])},
    }
