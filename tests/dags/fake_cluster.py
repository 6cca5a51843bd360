"""As much of a Kubernetes API server as one pod's life needs, on loopback.

It takes a pod only where the published schema of the API takes it, unknown fields refused, and
runs a pod's "program" when its log is followed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import kubernetes_validate

from tests.web_server import Answer, Asked, serving

API_VERSION = "1.37"
PODS = re.compile(r"^/api/v1/namespaces/([^/]+)/pods(?:/([^/]+))?(/log)?$")
Pod = dict[str, Any]
Reply = tuple[int, Any]  # status, JSON or a log
# What a container's end looks like: exit code, reason, its termination message.
End = tuple[int, str, str]


def validate(manifest: dict[str, Any]) -> None:
    """Raise `kubernetes_validate.ValidationError` for what the API's schema does not know."""
    kubernetes_validate.validate(manifest, API_VERSION, strict=True)


class FakeCluster:
    """`program(pod)` is run once a pod and says how its container ended."""

    def __init__(self, program: Callable[[Pod], End]) -> None:
        self.program = program
        self.pods: dict[str, Pod] = {}
        self.created: list[Pod] = []
        self.deleted: list[str] = []

    def __enter__(self) -> FakeCluster:
        self._stack = ExitStack()
        self._url = self._stack.enter_context(serving(self._respond))
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _respond(self, asked: Asked) -> Answer:
        status, reply = self.answer(asked.method, asked.path, json.loads(asked.body or b"{}"))
        if isinstance(reply, bytes):
            return status, {"Content-Type": "text/plain"}, reply
        return status, {"Content-Type": "application/json"}, json.dumps(reply).encode()

    def kubeconfig(self, path: Path) -> Path:
        """A kubeconfig file that leads here."""
        content = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "fake", "cluster": {"server": self._url}}],
            "users": [{"name": "nobody", "user": {}}],
            "contexts": [{"name": "here", "context": {"cluster": "fake", "user": "nobody"}}],
            "current-context": "here",
        }
        path.write_text(json.dumps(content))
        return path

    def answer(self, method: str, target: str, body: dict[str, Any]) -> Reply:
        url = urlsplit(target)
        match = PODS.match(url.path)
        if match is None:
            return 200, {"kind": "EventList", "apiVersion": "v1", "metadata": {}, "items": []}
        namespace, name, log = match.groups()
        if method == "POST":
            return self.create(namespace, body)
        if name is None:
            selector = parse_qs(url.query).get("labelSelector", [""])[0]
            chosen = [pod for pod in self.pods.values() if selects(selector, pod)]
            return 200, {"kind": "PodList", "apiVersion": "v1", "metadata": {}, "items": chosen}
        pod = self.pods.get(name)
        if pod is None or pod["metadata"]["namespace"] != namespace:
            return refusal(404, f"pods {name} not found")
        if log:
            return 200, self.run(pod)
        if method == "DELETE":
            self.deleted.append(name)
            del self.pods[name]
        elif method == "PATCH":
            pod["metadata"]["labels"].update(body["metadata"]["labels"])
        return 200, pod

    def create(self, namespace: str, pod: Pod) -> Reply:
        try:
            validate(pod)
        except kubernetes_validate.ValidationError as error:
            return refusal(422, error.message)
        name = pod["metadata"]["name"]
        if namespace != pod["metadata"]["namespace"] or name in self.pods:
            return refusal(409, f"pods {name} already exists")
        self.created.append(json.loads(json.dumps(pod)))
        pod["status"] = {"phase": "Running", "containerStatuses": [container_status(pod, {})]}
        self.pods[name] = pod
        return 201, pod

    def run(self, pod: Pod) -> bytes:
        if pod["status"]["phase"] == "Running":
            code, reason, message = self.program(pod)
            ended = {"exitCode": code, "reason": reason, "message": message}
            pod["status"] = {
                "phase": "Failed" if code else "Succeeded",
                "containerStatuses": [container_status(pod, {"terminated": ended})],
            }
        return b"2026-01-31T12:00:00.000000000Z a line of the program\n"


def container_status(pod: Pod, state: dict[str, Any]) -> dict[str, Any]:
    container = pod["spec"]["containers"][0]
    return {
        "name": container["name"],
        "image": container["image"],
        "imageID": "",
        "ready": not state,
        "restartCount": 0,
        "state": state or {"running": {"startedAt": "2026-01-31T12:00:00Z"}},
    }


def selects(selector: str, pod: Pod) -> bool:
    """Kubernetes' equality-based label selectors: `a=b`, `a!=b`, `!a`."""
    labels = pod["metadata"]["labels"]
    for part in filter(None, selector.split(",")):
        if part.startswith("!"):
            fits = part[1:] not in labels
        elif "!=" in part:
            key, value = part.split("!=")
            fits = labels.get(key) != value
        else:
            key, value = part.split("=")
            fits = labels.get(key) == value
        if not fits:
            return False
    return True


def refusal(status: int, message: str) -> Reply:
    return status, {"kind": "Status", "apiVersion": "v1", "code": status, "message": message}
