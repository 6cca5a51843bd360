"""Why a run has too few faces for a release, in one sentence, and what to do about it."""

from __future__ import annotations

from collections import Counter
from typing import Any

from trainer.errors import StageFailed
from trainer.faces.select import ACCEPTED
from trainer.faces.spread import OVER_SOURCE, OVER_TOTAL
from trainer.release.contract import NEIGHBOURS
from trainer.runs.context import RunContext
from trainer.runs.update import manifests
from trainer.staging.manifest import StageManifest
from trainer.staging.paths import RunDir

_SHOWN = 3


def require_faces(context: RunContext) -> None:
    """Raise `StageFailed` where the selected faces are fewer than the sidecar needs.

    The figures are in the run's record: faces by rule, people in quarantine, pictures by source.
    """
    chosen = context.result("select") or {}
    faces = int(chosen.get("faces", 0))
    if faces >= NEIGHBOURS:
        return
    found = "no face" if not faces else "1 face" if faces == 1 else f"{faces} faces"
    rules = _by_rule(chosen)
    cause = "" if faces else _cause(context, rules)
    what = ", or ".join(_levers(context, chosen, rules))
    raise StageFailed(f"{found}, the sidecar needs {NEIGHBOURS}{cause}: {what}")


def _by_rule(chosen: dict[str, Any]) -> Counter[str]:
    rules: Counter[str] = Counter()
    for counts in chosen.get("funnel", {}).values():
        rules.update(counts)
    return rules


def _levers(context: RunContext, chosen: dict[str, Any], rules: Counter[str]) -> list[str]:
    """What would bring more: the run's own parameters that keep faces out, with their values; what
    failed; other sources."""
    params = context.plan.params
    if not params.enable_faces:
        return ["build with enable_faces true"]
    if not rules and _images(context.run):
        return ["see which pictures failed in run.json and build again", "add sources"]
    caps = []
    if rules[OVER_TOTAL]:
        caps.append(f"max_faces_total ({params.max_faces_total})")
    if rules[OVER_SOURCE]:
        caps.append(f"max_faces_per_source ({params.max_faces_per_source})")
    levers = [f"raise {' and '.join(caps)}"] if caps else []
    if sum(rules[rule] for rule in ACCEPTED) > int(chosen.get("faces", 0)):
        levers.append(f"lower min_faces ({params.min_faces})")
    return [*levers, "add sources"]


def _cause(context: RunContext, rules: Counter[str]) -> str:
    """Why there is none at all: nobody is left, no picture came, or no face in them was taken."""
    if not (context.result("resolve") or {}).get("performers"):
        quarantined = (context.result("resolve") or {}).get("quarantined", {})
        reasons = _counts_in_words(Counter(quarantined)) or "nobody is listed"
        return f", and nobody may be released ({reasons})"
    if rules:
        return f", and no picture gave one ({_counts_in_words(rules)})"
    if not context.plan.params.enable_faces:
        return ", and no picture of these performers was embedded before"
    return f", and no picture could be had ({_images(context.run) or 'no source lists one'})"


def _images(run: RunDir) -> str:
    """What the crawls say of the pictures that they could not have."""
    kinds: Counter[str] = Counter()
    for manifest in manifests(run.root / "staging").values():
        kinds.update(_refusals(manifest))
    return _counts_in_words(kinds)


def _refusals(manifest: StageManifest) -> dict[str, int]:
    prefix = "picture_"
    return {
        error.kind.removeprefix(prefix): error.count
        for error in manifest.errors
        if error.kind.startswith(prefix)
    }


def _counts_in_words(counts: Counter[str]) -> str:
    """`12 x no face, 3 x http 404`: the most frequent."""
    most = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:_SHOWN]
    return ", ".join(f"{count} x {name.replace('_', ' ')}" for name, count in most)
