"""`trainer sources` and `trainer assertions`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any

import typer

from trainer.cli.common import DataDirOption, JsonOption, data_of, show
from trainer.config.environment import environment as of_this_process
from trainer.config.settings import Settings
from trainer.config.sources import SourceConfig, load_sources, shipped_sources
from trainer.config.sources_page import FETCHERS, KINDS, sources_page
from trainer.crawl.assertions import as_yaml, proposals
from trainer.services.given_keys import is_given


def sources(
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
    markdown: Annotated[bool, typer.Option(help="Print docs/sources.md, as shipped.")] = False,
) -> None:
    """List the sources, and what keeps a build from asking one."""
    if markdown:
        typer.echo(sources_page(shipped_sources()), nl=False)
        return
    rows = source_rows(load_sources(Settings.load(data_dir).data_dir))
    show(rows, as_json, source_lines(rows))


def assertions(
    source: Annotated[list[str] | None, typer.Argument(help="Source keys; default: all.")] = None,
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """Propose limits for crawls from each source's last good one, as lines for sources.yaml."""
    data = data_of(data_dir)
    found = proposals(data, load_sources(data.root), source or ())
    show(found, as_json, [as_yaml(found)] if found else ["no source was crawled yet"])


def source_rows(
    sources: Mapping[str, SourceConfig], environment: Mapping[str, str] | None = None
) -> list[dict[str, Any]]:
    """One row per source: its configuration, and `off`: why a build would not ask it (or None)."""
    known = of_this_process(environment)
    return [
        {**source.model_dump(mode="json"), "off": why_off(source, known)}
        for source in sources.values()
    ]


def why_off(source: SourceConfig, environment: Mapping[str, str]) -> str | None:
    """Return why a source is not crawled and what to do about it; None where it is."""
    if not source.enabled:
        return "switched off; set `enabled: true` in sources.yaml"
    key = source.api_key_env
    if key and not is_given(key, environment):
        return f"no API key; set {key}"
    needed = {"flaresolverr": "FLARESOLVERR_URL", "chrome": "CHROME_CDP_URL"}.get(source.fetcher)
    if needed and not is_given(needed, environment):
        return f"needs {FETCHERS[source.fetcher]}; set {needed}"
    return None


def source_lines(rows: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return one line per source: kind, rate limit, trust, and why it is off."""
    return [
        f"{row['key']}: {KINDS[row['kind']]}, {row['requests_per_minute']} requests a minute, "
        f"trust {row['trust']}: {'off: ' + row['off'] if row['off'] else 'on'}"
        f"{_only_by_links(row)}"
        for row in rows
    ]


def _only_by_links(row: Mapping[str, Any]) -> str:
    reason = (row["page"] or {}).get("not_by_name")
    return f"; found by links only, not by name: {reason}" if reason else ""
