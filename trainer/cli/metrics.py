"""`trainer metrics`."""

from __future__ import annotations

import typer

from trainer.cli.common import DataDirOption, data_of
from trainer.upkeep.metrics import metrics_text


def metrics(data_dir: DataDirOption = None) -> None:
    """Print the last run, the release and the disk as figures for Prometheus."""
    typer.echo(metrics_text(data_of(data_dir)).decode(), nl=False)
