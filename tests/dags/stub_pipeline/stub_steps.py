"""Test only: `run_step` and `mark_failed` that write down how they were called.

`DATA_DIR/orders.json` says what is to happen: {"fail": {"<step>": "<message>"}, "shards": [...],
"references": [...], "busy_until": <the attempt at a crawl that meets no 429>}.
"""

import json
import os

from trainer.config.params import BuildParams
from trainer.config.sources import load_sources
from trainer.errors import StageFailed
from trainer.staging.paths import DataDir


def run_step(name, run_id, settings, *, params=None, key=None, say=print):
    orders = json.loads((settings.data_dir / "orders.json").read_text())
    run = DataDir(settings.data_dir).run(run_id)
    run.root.mkdir(parents=True, exist_ok=True)
    given = os.environ.get("STASHDB_API_KEY", "")
    _note(run, "calls", {"step": name, "key": key, "params": params, "key_length": len(given)})
    say(f"stub {name} {key or ''}")
    if name == "plan":
        BuildParams.parse(params, sorted(load_sources(settings.data_dir)))
        return {"sources": ["stashdb"]}
    if name in orders.get("fail", {}):
        raise StageFailed(orders["fail"][name])
    if name == "report" and (run.root / "failed.jsonl").exists():
        raise StageFailed("the run failed")
    lists = {"plan_references": "references", "plan_embed": "shards"}
    return {lists[name]: orders.get(lists[name], [])} if name in lists else {"ok": True}


def mark_failed(run_id, settings, step, message):
    _note(DataDir(settings.data_dir).run(run_id), "failed", {"step": step, "message": message})


def _note(run, name, entry):
    run.root.mkdir(parents=True, exist_ok=True)
    with (run.root / f"{name}.jsonl").open("a") as file:
        file.write(json.dumps(entry) + "\n")
