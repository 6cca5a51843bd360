"""Test only: `run_step` and `mark_failed` that write down how they were called."""

import json
import os
import time

from trainer.config.params import BuildParams
from trainer.config.sources import load_sources
from trainer.errors import StageFailed
from trainer.staging.paths import DataDir


def run_step(name, run_id, settings, *, params=None, key=None, say=print):
    orders = json.loads(os.environ.get("STUB_PIPELINE", "{}"))
    run = DataDir(settings.data_dir).run(run_id)
    note(
        settings,
        {"step": name, "key": key, "params": params, "key_given": "STASHDB_KEY" in os.environ},
    )
    say(f"stub {name} {key or ''}")
    if name == "plan":
        BuildParams.parse(params, sorted(load_sources(settings.data_dir)))
        run.root.mkdir(parents=True)
        return {"sources": ["stashdb"]}
    if name in orders.get("fail", {}):
        raise StageFailed(orders["fail"][name])
    if name == "report":
        if (settings.data_dir / "failed.jsonl").exists():
            raise StageFailed("the run failed")
        return {"status": "completed"}
    return {"plan_embed": {"shards": orders.get("shards", ["000-of-002", "001-of-002"])}}.get(
        name, {"ok": True}
    )


def mark_failed(run_id, settings, step, message):
    with (settings.data_dir / "failed.jsonl").open("a") as file:
        file.write(json.dumps({"run": run_id, "step": step, "message": message}) + "\n")


def note(settings, entry):
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    with (settings.data_dir / "calls.jsonl").open("a") as file:
        file.write(json.dumps({**entry, "at": time.time()}) + "\n")
