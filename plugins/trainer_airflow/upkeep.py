"""Operators of the DAGs that keep a DATA_DIR well: backups and upkeep."""

from __future__ import annotations

from typing import Any

from airflow.sdk import BaseOperator

from trainer.config.settings import Settings


class BackUpOperator(BaseOperator):  # type: ignore[misc]
    """Writes a backup as the parameters `faces` and `releases` say; returns where, and its size."""

    def execute(self, context: Any) -> dict[str, Any]:
        """Back up beside whatever runs: it takes no lock."""
        from trainer.staging.clock import now
        from trainer.upkeep.backup import back_up

        params = context["params"]
        done = back_up(
            Settings.load(),
            now(),
            faces=bool(params["faces"]),
            releases=bool(params["releases"]),
        )
        for line in done.lines():
            self.log.info(line)
        return {"path": str(done.path), "bytes": done.bytes, "removed": done.removed}
