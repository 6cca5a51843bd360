"""crawl_references: one reference site into staging, after the creators are known."""

from __future__ import annotations

from trainer.pipeline.steps.crawl import run

__all__ = ["run"]
