"""### What it does
Crawls the enabled sources, embeds new images, resolves source records into performers, and
publishes one versioned release: SQLite and two Voyager indexes that the `stash-sense` sidecar
loads. Runs by `TRAINER_SCHEDULE`, weekly at first; **Trigger** starts one now, with the parameters
of the form. From a shell:

    airflow dags trigger build_performer_database --conf '{"sources": ["stashdb"]}'

The very first build releases after an hour of fetching what is there (`first_release_after_hours`);
its last task, `go_on_fetching`, then starts the run that fetches the rest.

A new release updates the asset `stash_sense_release`, so that other DAGs can follow it.

### What it needs
- A model pack in `DATA_DIR/models` (`trainer models fetch sidecar`).
- The API key of each source that has one, as a variable or an Airflow connection; a source
  without its key is skipped, and the run says so.
- The pools `crawl` and `gpu`; disk for the images of one run.
- On several machines, workers of the queues `crawl`, `gpu` and `merge` (docs/cluster.md).

### When a step fails
Every step can be killed and run again: clear it, or trigger the DAG anew. Nothing that was
fetched or embedded is lost.

- **plan**: parameters, configuration or model pack are wrong. Its last line says what; correct it
  and trigger again.
- **crawl**: one source failed. The others go on and the run ends `partial`, with the source's last
  good snapshot; its errors are in the reports.
- **embed_beside** embeds while the crawls go on. It does not fail: `embed` does what it could not.
- **embed**: the embedder stopped. Read its log, then clear the step; it goes on from the parts that
  are written.
- **resolve**, **select**: a file is damaged, or a person decided something meanwhile. Clear from
  `resolve` on.
- **build_release**, **verify**: no faces, or a file that does not fit the sidecar's contract. The
  message names the cause; nothing is published.
- **gate**: figures are below their floors, and the release is kept as a candidate. The DAG
  `decide_release` asks a person; `trainer candidates` lists it in a shell.
- **export**: a consumer of `TRAINER_EXPORT_FOR` could not be given its files; the release is
  current all the same. Its last line says what to set; clear the step.
- **publish**: the disk is full (free space, clear the step), or a newer release was published
  meanwhile (trigger anew).
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.sdk import DAG
from trainer_airflow.announce import AnnounceRelease
from trainer_airflow.decide import AskForApproval
from trainer_airflow.go_on import GoOnFetching
from trainer_airflow.notifier import RecordFailure
from trainer_airflow.params import build_params
from trainer_airflow.queues import on_queue
from trainer_airflow.retry import retry_policy
from trainer_airflow.schedule import timetable
from trainer_airflow.tasks import add_tasks

from trainer.config.pipeline import MERGE, STEPS
from trainer.config.settings import Settings
from trainer.config.sources import load_sources

DEFAULTS: dict[str, Any] = {
    **on_queue(MERGE),
    "retries": 2,
    "retry_delay": timedelta(minutes=1),
    "retry_policy": retry_policy(),
    "on_failure_callback": RecordFailure(),
}

settings = Settings.load()

with DAG(
    dag_id="build_performer_database",
    description="Crawl, embed, merge, verify and publish the performer database",
    doc_md=__doc__,
    schedule=timetable(settings.schedule, settings.timezone),
    catchup=False,
    max_active_runs=1,
    params=build_params(list(load_sources(settings.data_dir))),
    render_template_as_native_obj=True,
    default_args=DEFAULTS,
    tags=["stash-sense"],
) as dag:
    tasks = add_tasks(STEPS, settings.embedder)
    tasks["publish"] >> AskForApproval(task_id="ask_for_approval") >> tasks["report"]
    tasks["publish"] >> AnnounceRelease(task_id="announce_release") >> tasks["report"]
    tasks["publish"] >> GoOnFetching(task_id="go_on_fetching") >> tasks["report"]
