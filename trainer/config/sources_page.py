"""docs/sources.md: what the shipped sources are, out of their source.yaml files."""

from __future__ import annotations

from collections.abc import Mapping

from trainer.config.settings import REPO_ROOT
from trainer.config.sources import SourceConfig

PAGE = REPO_ROOT / "docs" / "sources.md"
KINDS = {
    "stash_box": "stash-box GraphQL",
    "rest": "REST",
    "html_profile": "HTML, one page per performer",
}
FETCHERS = {"flaresolverr": "FlareSolverr", "chrome": "Chrome by CDP"}
_COLUMNS = (
    *("source", "kind", "address", "requests/min", "faces", "trust", "gender"),
    *("access", "pictures per page", "found by", "on"),
)
_HEAD = """# The sources

Made from `scrapy_project/sources/*/source.yaml` by `make docs`; do not edit it by hand.
An operator overrides any key in `DATA_DIR/sources.yaml` ([operations](operations.md#sources));
`trainer sources` says what a build would ask, and why not.

Stash-boxes and ThePornDB create performers and are asked once their key is set. Reference
sites (HTML) only add faces, aliases and facts to performers that exist; each is off until the
operator sets `enabled: true`.
"""


def sources_page(sources: Mapping[str, SourceConfig]) -> str:
    """docs/sources.md: creators first, in key order."""
    ordered = sorted(sources.values(), key=lambda s: (not s.creates_performers, s.key))
    head = [f"| {' | '.join(_COLUMNS)} |", "|---" * len(_COLUMNS) + "|"]
    parts = [_HEAD, *head, *map(_table_row, ordered), ""]
    for source in ordered:
        parts += [f"## {source.key}", "", *_details(source), ""]
    return "\n".join(parts)


def _table_row(source: SourceConfig) -> str:
    address = f"{source.base_url.host}{(source.base_url.path or '').rstrip('/')}"
    cells = (
        f"[{source.key}](#{source.key})",
        KINDS[source.kind],
        address,
        source.requests_per_minute,
        source.max_faces or "-",
        source.trust,
        ", ".join(source.gender_filter) or "-",
        _access(source),
        source.images_per_page or "all",
        ", ".join(source.reference_modes) or "-",
        "yes" if source.enabled else "opt-in",
    )
    return f"| {' | '.join(map(str, cells))} |"


def _access(source: SourceConfig) -> str:
    parts = [f"key in `{source.api_key_env}`"] if source.api_key_env else []
    if source.fetcher != "plain":
        parts.append(FETCHERS[source.fetcher])
    if source.fetcher_on_403:
        parts.append(f"{FETCHERS[source.fetcher_on_403]} on 403")
    if source.image_referer:
        parts.append("pictures with Referer")
    return "; ".join(parts) or "plain"


def _details(source: SourceConfig) -> list[str]:
    wanted = source.assertions
    most = f", more than {wanted.max_performers} warn" if wanted.max_performers else ""
    lines = [
        f"- **Content**: {source.licence.strip()}",
        f"- **Terms**: {source.terms.strip()}",
        f"- **robots.txt**: {'obeyed' if source.obey_robots else 'not obeyed'}",
        f"- **A good crawl** has at least {wanted.min_performers} performers{most}; pictures for "
        f"at least {wanted.min_share_with_image:.0%} of them",
    ]
    if source.page:
        links = ", ".join(f"`{link.match}`" for link in source.page.links)
        hosts = ", ".join(f"`{host}`" for host in source.image_hosts)
        lines += [
            f"- **Links that lead here**: {', '.join(source.page.domains)}, path {links}",
            *([f"- **Never by name**: {reason}"] if (reason := source.page.not_by_name) else []),
            f"- **Pictures** from the page's own host{f' and from {hosts}' if hosts else ''}",
            f"- **A page is read again** after {source.revisit_days} days at the earliest; at "
            f"least {wanted.min_share_of_pages:.0%} of the pages visited must be readable",
        ]
    lines += [
        f"- **Read**: {', '.join(f'`{field}`' for field in source.facts)}",
        f"- **Evidence**: {' '.join(source.evidence.split())}",
    ]
    if source.note.strip():
        lines.append(f"- **Note**: {' '.join(source.note.split())}")
    return lines
