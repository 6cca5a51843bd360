"""The steps of a build in order: the one list behind the DAG and `trainer build`."""

from __future__ import annotations

from typing import Literal, NamedTuple

MapOver = Literal["source", "reference", "shard"]
Queue = Literal["crawl", "gpu", "merge"]

MERGE: Queue = "merge"  # whatever needs neither the network nor a GPU


class Step(NamedTuple):
    """A step: its name, what it waits for, and what it is mapped over (None: runs once).

    `queue`: which of Airflow's workers may run it; an executor of one machine runs all queues.
    """

    name: str
    after: tuple[str, ...] = ()
    map_over: MapOver | None = None
    pool: str | None = None
    even_if_failed: bool = False
    queue: Queue = MERGE
    beside: bool = False  # works while those after it do: `trainer build` gives it a process

    @property
    def is_crawl(self) -> bool:
        """Is it mapped over sources, of which each has a process of its own?"""
        return self.map_over in ("source", "reference")


STEPS: tuple[Step, ...] = (
    Step("plan"),
    Step("embed_beside", ("plan",), pool="gpu", queue="gpu", beside=True),
    Step("crawl", ("plan",), map_over="source", pool="crawl", queue="crawl"),
    Step("plan_references", ("crawl",)),
    Step(
        "crawl_references",
        ("plan_references",),
        map_over="reference",
        pool="crawl",
        queue="crawl",
    ),
    Step("plan_embed", ("crawl_references", "embed_beside")),
    Step("embed", ("plan_embed",), map_over="shard", pool="gpu", queue="gpu"),
    Step("resolve", ("embed",)),
    Step("select", ("resolve",)),
    Step("build_release", ("select",)),
    Step("verify", ("build_release",)),
    Step("evaluate", ("verify",)),
    Step("gate", ("evaluate",)),
    Step("publish", ("gate",)),
    Step("export", ("publish",)),
    Step("report", ("export",), even_if_failed=True),
)
