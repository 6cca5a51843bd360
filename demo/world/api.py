"""The sites that create performers: stash-boxes and ThePornDB, each with its people and its key."""

from __future__ import annotations

import hmac
import json
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from demo.world import schema
from demo.world.faults import Faults
from demo.world.handler import HttpRequest, Reply
from demo.world.images import Gallery
from demo.world.people import Person, identifier
from demo.world.porndb import PornDb
from demo.world.switches import Switches, graphql_errors, image_reply, instead, seconds

IMAGES: Final = "/images/"
NOT_FOUND: Final = Reply(404, b"404 page not found\n")
NO_ROBOTS: Final = b"User-agent: *\nDisallow: /\n"


class Shelf:
    """A site's pictures by the ids that this site gives them."""

    def __init__(self, site: str, gallery: Gallery) -> None:
        self.gallery = gallery
        self._prefix = "" if site == "stashdb" else f"{site}:"
        self._keys = {self.image_id(key): key for key in gallery.keys}

    def image_id(self, key: str) -> str:
        """Return the id that this site gives to a picture."""
        return identifier("image", self._prefix + key)

    def key_of(self, image_id: str) -> str | None:
        """Return the key of the picture with this site's id; None for an unknown id."""
        return self._keys.get(image_id)


class ApiSite:
    """What the sites with records and `/images/<id>` share. `base` is filled in with the port."""

    def __init__(
        self, site: str, people: Sequence[Person], gallery: Gallery, key: str, faults: Faults
    ) -> None:
        self.site = site
        self.people = people
        self.shelf = Shelf(site, gallery)
        self.switches = Switches(faults)
        self.base = ""
        self._key = key

    def answer(self, request: HttpRequest) -> Reply:
        """Answer a request for robots.txt, a picture or records."""
        if request.path == "/robots.txt" and self.switches.faults.forbid_robots:
            return Reply(200, NO_ROBOTS)
        if request.path.startswith(IMAGES):
            return self.image(
                request.path.removeprefix(IMAGES), request.headers.get("if-none-match")
            )
        return self.records(request)

    def records(self, request: HttpRequest) -> Reply:
        """Answer a request for records; each kind of site has its own API."""
        raise NotImplementedError

    def image_url(self, key: str) -> str:
        """Return the URL of a picture on this site."""
        return self.base + IMAGES + self.shelf.image_id(key)

    def image(self, image_id: str, if_none_match: str | None) -> Reply:
        """Answer a request for a picture: 304 for the current ETag, 404 for an unknown id."""
        key = self.shelf.key_of(image_id)
        image = self.shelf.gallery.image(key) if key else None
        names = (key or image_id, image_id)
        return image_reply(self.switches, names, image, if_none_match)

    def _knows(self, key: str, scheme: str = "") -> bool:
        right = hmac.compare_digest(key.encode(), (scheme + self._key).encode())
        return right and not self.switches.faults.reject_key


class BoxSite(ApiSite):
    """A stash-box: `POST /graphql` with the header ApiKey."""

    def records(self, request: HttpRequest) -> Reply:
        """Answer a GraphQL query: 401 for a wrong key, 400 for another content type."""
        if request.path != "/graphql" or request.method != "POST":
            return NOT_FOUND
        trouble = self.switches.next_trouble("graphql")
        reply = instead(trouble)
        if reply is not None:
            return reply
        late, key = seconds(trouble), request.headers.get("apikey")
        if key and not self._knows(key):
            return Reply(401, late=late)
        kind = request.headers.get("content-type", "")
        if kind.split(";", maxsplit=1)[0].strip() != "application/json":
            return Reply.json(400, graphql_errors("transport not supported"), late=late)
        empty = trouble is not None and trouble.kind == "empty"
        return self._executed(request.body, bool(key), late, empty)

    def _executed(self, body: bytes, authorized: bool, late: float, empty: bool) -> Reply:
        try:
            request = json.loads(body)
            query, variables = request["query"], request.get("variables") or {}
            operation = request.get("operationName")
        except (ValueError, KeyError, AttributeError, TypeError) as error:
            message = f"json request body could not be decoded: {error}"
            return Reply.json(400, graphql_errors(message), late=late)
        box = self._box(authorized)
        answer = schema.answer(box, query, variables, operation)
        if empty and (answer.body.get("data") or {}).get("queryPerformers"):
            answer.body["data"]["queryPerformers"]["performers"] = []
        return Reply.json(answer.status, answer.body, late=late)

    def _box(self, authorized: bool) -> schema.Box:
        return schema.Box(
            people=self.people,
            image_id=self.shelf.image_id,
            image_url=self.image_url,
            image_size=self.shelf.gallery.size,
            authorized=authorized,
            count_offset=self.switches.faults.count_offset,
            skips=self.switches.skips,
        )


class PornDbSite(ApiSite):
    """ThePornDB: `GET /performers...` with a bearer token."""

    linked: Collection[str] = ()  # keys of the people whose record names their StashDB page

    def records(self, request: HttpRequest) -> Reply:
        """Answer a request of the REST API at `/performers`."""
        address = urlsplit(request.path)
        if not address.path.startswith("/performers"):
            return NOT_FOUND
        trouble = self.switches.next_trouble("pages")
        reply = instead(trouble)
        if reply is not None:
            return reply
        api = PornDb(
            people=self.people,
            image_url=self.image_url,
            key=self._key,
            base_url=self.base,
            linked=self.linked,
            total_offset=self.switches.faults.count_offset,
        )
        if self.switches.faults.reject_key:
            api = replace(api, key=f"not {self._key}")
        status, body = api.answer(address.path, dict(parse_qsl(address.query)), request.headers)
        if trouble is not None and trouble.kind == "empty" and isinstance(body.get("data"), list):
            body["data"] = []
        return Reply.json(status, body, late=seconds(trouble))
