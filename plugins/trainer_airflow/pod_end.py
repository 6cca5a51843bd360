"""How an embedder's pod ended, and whether another try may end differently."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from trainer.embedding.pod import CONTAINER
from trainer.embedding.process_runner import KILLED
from trainer.errors import ConfigError

# A job that cannot run, or did not complete: the program said so itself, and would again.
ITS_OWN_EXIT_CODES = (1, 2)
OUT_OF_MEMORY = "OOMKilled"


@dataclass(frozen=True)
class PodEnd:
    """What the cluster says of the container's end; all None where it never ended."""

    exit_code: int | None = None
    reason: str | None = None
    message: str | None = None

    @classmethod
    def of(cls, pod: Any) -> PodEnd:
        """`pod` is a `V1Pod` as read last, or None."""
        status = pod.status if pod is not None else None
        for container in (status and status.container_statuses) or []:
            ended = container.state.terminated if container.state is not None else None
            if container.name == CONTAINER and ended is not None:
                return cls(ended.exit_code, ended.reason, ended.message)
        return cls()

    @property
    def is_final(self) -> bool:
        """Would the next try end the same?"""
        return self.exit_code in ITS_OWN_EXIT_CODES or self.reason == OUT_OF_MEMORY

    @property
    def last_words(self) -> str:
        """The program's last line, for a message."""
        lines = (self.message or "").strip().splitlines()
        last = lines[-1] if lines else ""
        if self.reason == OUT_OF_MEMORY:
            return f"{last} ({KILLED}; TRAINER_EMBEDDER_MEMORY is the limit)".strip()
        return last


def refusal(error: Any, namespace: str) -> ConfigError | None:
    """What a person can do about an `ApiException`; None where time may cure it."""
    said = _message(error)
    if error.status == 403 and "exceeded quota" not in said:
        return ConfigError(
            f"the cluster does not allow the embedder's pod in the namespace {namespace}: {said}; "
            "give Airflow the role in docs/operations.md, `On a cluster`"
        )
    if error.status == 422:
        return ConfigError(f"the cluster does not take the embedder's pod: {said}; see its events")
    if error.status == 404 and "namespaces" in said:
        return ConfigError(f"{said}; create it, or set TRAINER_KUBERNETES_NAMESPACE")
    return None


def _message(error: Any) -> str:
    """The API's own sentence out of an answer that also holds headers."""
    try:
        return str(json.loads(error.body)["message"])
    except (TypeError, ValueError, KeyError):
        return str(error.reason)
