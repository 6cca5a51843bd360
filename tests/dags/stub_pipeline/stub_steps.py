"""Test only: steps and decisions that write down how they were called.

`DATA_DIR/orders.json` says what is to happen: {"fail": {"<step>": "<message>"}, "shards": [...],
"references": [...], "busy_until": <the attempt at a crawl that meets no 429>, "candidate": true}.
"""

import json
import logging
import os
from types import SimpleNamespace

from trainer.config.params import BuildParams
from trainer.config.sources import load_sources
from trainer.errors import StageFailed
from trainer.staging.paths import DataDir


def run_step(name, run_id, settings, *, params=None, key=None):
    orders = json.loads((settings.data_dir / "orders.json").read_text())
    run = DataDir(settings.data_dir).run(run_id)
    run.root.mkdir(parents=True, exist_ok=True)
    given = os.environ.get("STASHDB_API_KEY", "")
    _note(run, "calls", {"step": name, "key": key, "params": params, "key_length": len(given)})
    logging.getLogger("trainer.stub").info("stub %s %s", name, key or "")
    if name == "plan":
        BuildParams.parse(params, sorted(load_sources(settings.data_dir)))
        return {"sources": ["stashdb"]}
    if name in orders.get("fail", {}):
        raise StageFailed(orders["fail"][name])
    if name == "report" and (run.root / "failed.jsonl").exists():
        raise StageFailed("the run failed")
    if name == "publish" and orders.get("candidate"):
        return {"published": False, "reason": "gate"}
    lists = {"plan_references": "references", "plan_embed": "shards"}
    return {lists[name]: orders.get(lists[name], [])} if name in lists else {"ok": True}


def mark_failed(run_id, settings, step, message):
    _note(DataDir(settings.data_dir).run(run_id), "failed", {"step": step, "message": message})


def candidate(settings, run_id):
    gate, diff = ["rank-1: expected at least 0.8, found 0.5"], ["2 performers removed"]
    return SimpleNamespace(run_id=run_id, gate=gate, diff=diff, overtaken=None)


def approve_run(settings, run_id):
    _note(DataDir(settings.data_dir).run(run_id), "decided", {"approved": True})
    return "approved"


def reject_run(settings, run_id, reason):
    _note(DataDir(settings.data_dir).run(run_id), "decided", {"approved": False, "reason": reason})
    return "rejected"


def _note(run, name, entry):
    run.root.mkdir(parents=True, exist_ok=True)
    with (run.root / f"{name}.jsonl").open("a") as file:
        file.write(json.dumps(entry) + "\n")


STAND_INS = {
    "trainer.pipeline.run": (run_step, mark_failed),
    "trainer.pipeline.approve": (candidate, approve_run, reject_run),
}
