"""The demo world on loopback: fifteen sites, one port each, or stashdb alone."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final, Literal, Self

from demo.world import cast
from demo.world.addresses import (
    FIRST,
    HOST,
    all_keys,
    base_url,
    environment_of,
    keys_of,
    sources_yaml,
)
from demo.world.api import IMAGES, ApiSite, BoxSite, PornDbSite
from demo.world.faults import Faults
from demo.world.handler import Answers, Handler, HttpRequest, Reply
from demo.world.images import Gallery
from demo.world.pages import PageSite
from demo.world.people import Person, population
from demo.world.sites import all_sites
from demo.world.switches import FaultsBySite

DEMO_KEY: Final = "demo-world-key"
GUARDED: Final = ("babepedia", "iafd")  # their pages are behind a robot check
Place = ApiSite | PageSite


@dataclass(frozen=True)
class Request:
    """One answered request, as the log keeps it. Keys are never logged, only whether one came."""

    number: int
    site: str
    method: str
    path: str
    operation: str | None  # GraphQL operation name, else None
    variables: Mapping[str, Any] | None
    status: int  # 0: the connection was reset without an answer
    sent_key: bool
    user_agent: str


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    place: Answers

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away in mid-request is no news; anything else keeps its traceback."""
        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            super().handle_error(request, client_address)


@dataclass(frozen=True)
class _Logged:
    """A site together with the log that all sites share."""

    world: World
    place: Place

    def answer(self, request: HttpRequest) -> Reply:
        return self.place.answer(request)

    def record(self, reply: Reply, request: HttpRequest) -> None:
        self.world.record(self.place.site, reply, request)


class World:
    """Sites of invented people, in threads: `with World(week=1, sites="all") as world: ...`.

    `sites` is "stashdb" (alone, with all of its pictures), "all", or keys of sites. `port` is
    stashdb's, `ports` are those of any site; 0 takes a free one. `images` is the output directory
    of `python -m demo.make_images`; None serves small drawings without faces. `guarded` puts the
    sites of GUARDED behind a robot check, which a FlareSolverr passes.
    """

    def __init__(
        self,
        week: int = 1,
        port: int = 0,
        api_key: str = DEMO_KEY,
        faults: Faults | None = None,
        images: Path | None = None,
        request_log: Path | None = None,
        sites: Literal["stashdb", "all"] | Sequence[str] = FIRST,
        ports: Mapping[str, int] | None = None,
        guarded: bool = True,
    ) -> None:
        self.week = week
        self.gallery = Gallery(images)
        self.log: list[Request] = []
        self.keys = keys_of(api_key)
        self._request_log = request_log
        self._lock = threading.Lock()
        self.places = self._made(_chosen(sites), sites == FIRST, guarded)
        self.faults_of = FaultsBySite({k: place.switches for k, place in self.places.items()})
        self.faults_of[FIRST] = faults or Faults()
        wanted = {FIRST: port, **(ports or {})}
        self._servers = {key: _Server((HOST, wanted.get(key, 0)), Handler) for key in self.places}
        for key, place in self.places.items():
            self._servers[key].place = _Logged(self, place)
            place.base = self.base_url(key).removesuffix("/graphql")
        self._threads: list[threading.Thread] = []

    def _made(self, sites: Sequence[str], alone: bool, guarded: bool) -> dict[str, Place]:
        return {key: self._place(key, alone, guarded) for key in (FIRST, *sites)}

    def _place(self, key: str, alone: bool, guarded: bool) -> Place:
        if key not in cast.CREATORS:
            site = all_sites()[key](cast.appearances(key, self.week))
            guard = guarded and key in GUARDED
            return PageSite(site, self.gallery, Faults(), guard, cast.only_small(key))
        people = population(self.week) if alone else cast.people_of(key, self.week)
        kind = PornDbSite if key == "theporndb" else BoxSite
        place = kind(key, people, self.gallery, self.keys[key], Faults())
        if isinstance(place, PornDbSite):
            place.linked = cast.linked_to_stashdb()
        return place

    # --- life -----------------------------------------------------------------------------------

    def __enter__(self) -> Self:
        self._start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        for thread in self._threads:
            thread.join(timeout=10)

    def serve(self) -> None:
        """Answer requests until `stop` is called from another thread."""
        self._start()
        for thread in self._threads:
            thread.join()

    def stop(self) -> None:
        """Stop all servers."""
        for server in self._servers.values():
            server.shutdown()

    def _start(self) -> None:
        for key, server in self._servers.items():
            thread = threading.Thread(
                target=_serve, args=(server,), name=f"demo-{key}", daemon=True
            )
            self._threads.append(thread)
            thread.start()

    # --- what tests look at -----------------------------------------------------------------------

    @property
    def port(self) -> int:
        """stashdb's port."""
        return self.ports[FIRST]

    @property
    def ports(self) -> dict[str, int]:
        """The port of every site."""
        return {key: server.server_address[1] for key, server in self._servers.items()}

    def base_url(self, key: str) -> str:
        """What `base_url` is in the configuration of a source."""
        return base_url(key, self.ports[key])

    def sources_yaml(self, **common: Any) -> dict[str, dict[str, Any]]:
        """The content of DATA_DIR/sources.yaml that leads to this world; `common` keys for all."""
        return sources_yaml(self.ports, **common)

    def environment(self) -> dict[str, str]:
        """The keys that the sites accept, as the environment variables of their sources."""
        return environment_of({k: v for k, v in self.keys.items() if k in self.places})

    @property
    def url(self) -> str:
        """stashdb's GraphQL endpoint."""
        return self.base_url(FIRST)

    @property
    def image_base(self) -> str:
        """Prefix of every stashdb picture's URL, ending in a slash."""
        return f"http://{HOST}:{self.port}{IMAGES}"

    @property
    def stashdb(self) -> ApiSite:
        """The stash-box that a world of one site has, too."""
        place = self.places[FIRST]
        if not isinstance(place, ApiSite):
            raise TypeError(f"{FIRST} is a stash-box, not {type(place).__name__}")
        return place

    @property
    def people(self) -> Sequence[Person]:
        """stashdb's records."""
        return self.stashdb.people

    @people.setter
    def people(self, people: Sequence[Person]) -> None:
        """Replace StashDB's records."""
        self.stashdb.people = people

    @property
    def faults(self) -> Faults:
        """StashDB's faults."""
        return self.faults_of[FIRST]

    @faults.setter
    def faults(self, faults: Faults) -> None:
        """Replace StashDB's faults; counting starts anew."""
        self.faults_of[FIRST] = faults

    def image_url(self, key: str) -> str:
        """The URL of a stashdb picture by its key, e.g. `P001/happy`."""
        return self.stashdb.image_url(key)

    def fetched(self, status: int = 200) -> list[str]:
        """The stashdb picture keys answered with `status`, in order, once for every answer."""
        with self._lock:
            requests = [r for r in self.log if r.status == status and r.site == FIRST]
        keys = (self.gallery.key_of(r.path.removeprefix(IMAGES)) for r in requests)
        return [key for key in keys if key is not None]

    # --- called by the handlers' threads ----------------------------------------------------------

    def record(self, site: str, reply: Reply, request: HttpRequest) -> None:
        """Append a request and its status to the log, and to the log file if there is one."""
        body = request.json
        with self._lock:
            entry = Request(
                number=len(self.log) + 1,
                site=site,
                method=request.method,
                path=request.path,
                operation=body.get("operationName"),
                variables=body.get("variables"),
                status=reply.status,
                sent_key=request.key is not None,
                user_agent=request.headers.get("user-agent", ""),
            )
            self.log.append(entry)
            if self._request_log is not None:
                line = json.dumps(entry.__dict__, sort_keys=True, ensure_ascii=False)
                with self._request_log.open("a", encoding="utf-8") as stream:
                    stream.write(line + "\n")


def _chosen(sites: Literal["stashdb", "all"] | Sequence[str]) -> list[str]:
    if isinstance(sites, str) and sites not in (FIRST, "all"):
        raise ValueError(f"sites is 'stashdb', 'all' or a list of keys, not {sites!r}")
    if isinstance(sites, str):
        sites = all_keys() if sites == "all" else ()
    return [key for key in sites if key != FIRST]


def _serve(server: _Server) -> None:
    try:
        server.serve_forever(poll_interval=0.05)
    finally:
        server.server_close()
