"""README.md of an exported release: what it is, and which maximum distance to choose."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from trainer.release import contract

README = "README.md"


def readme(manifest: Mapping[str, Any], calibration: Mapping[str, Any] | None) -> str:
    """Plain Markdown, the same for the same release. `calibration`: calibration.json, where the
    release has one."""
    head = (
        f"# Face database {manifest['version']}\n\n"
        f"{manifest['performer_count']:,} performers, {manifest['face_count']:,} faces, model pack "
        f"`{manifest['models'].get('pack', 'unknown')}`. Loaded by the sidecar `stash-sense`.\n"
    )
    measured = _distances(calibration) + _scenes(calibration) if calibration else []
    return "\n".join([head, *measured, "## Purpose and limits\n", *_purpose(manifest)])


def _distances(calibration: Mapping[str, Any]) -> list[str]:
    rows = [_row(safe) for safe in calibration["safe_distances"]]
    curve = {point["distance"]: point for point in calibration["curve"]}
    usual = [
        f"- At {distance:g}, {name}, {_percent(point['false_accept'])} of strangers are given a "
        f"name, and {_percent(point['false_reject'])} of listed faces are missed."
        for distance, name in (
            (contract.SCENE_DISTANCE, "the sidecar's scene mode"),
            (contract.MAX_DISTANCE, "the sidecar's default"),
        )
        if (point := curve.get(distance)) is not None
    ]
    return [
        "## Which maximum distance to choose\n",
        "Above it, the sidecar says nothing. The smaller, the fewer strangers are given a name.\n",
        "| strangers given a name | maximum distance | measured (95%) | listed faces named right |",
        "|---|---|---|---|",
        *rows,
        "",
        *usual,
        "",
        f"{calibration['note']}\n",
    ]


def _scenes(calibration: Mapping[str, Any]) -> list[str]:
    """Releases of an older trainer, and tiny ones, have no such figures."""
    kinds: Mapping[str, Mapping[str, Any]] = calibration.get("scene_queries", {})
    if not kinds:
        return []
    return [
        "## Pictures that are worse than these\n",
        "Frames of a film are harder than the pictures of this database. Degraded copies of some "
        "of them were searched, each without its picture:\n",
        "| copy | searched | no face found | performer comes first | missed at "
        f"{contract.SCENE_DISTANCE:g} | missed at the distance for 1% |",
        "|---|---|---|---|---|---|",
        *(
            f"| {kind.replace('_', ' ')} | {found['queries']:,} | {found['no_face']:,} | "
            f"{_percent(found['rank_1'])} | {_percent(found['false_reject'])} | "
            f"{_percent(found['safe_false_reject'])} |"
            for kind, found in kinds.items()
        ),
        "",
    ]


def _row(safe: Mapping[str, Any]) -> str:
    low, high = safe["false_accept_interval"] or (None, None)
    distance = "none" if safe["distance"] is None else f"{safe['distance']:.3f}"
    known = "" if safe["resolved"] else f"; too few strangers ({safe['strangers']:,}) to tell"
    return (
        f"| at most {_percent(safe['max_false_accept'])} | {distance} | {_percent(low)} to "
        f"{_percent(high)}{known} | {_percent(safe['right_name'])} |"
    )


def _purpose(manifest: Mapping[str, Any]) -> list[str]:
    return [f"{manifest[key]}\n" for key in ("purpose", "limits") if manifest.get(key)]


def _percent(share: float | None) -> str:
    return "not measured" if share is None else f"{100 * share:.2f}".rstrip("0").rstrip(".") + "%"
