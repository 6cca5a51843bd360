"""The reports' server: downloads by addresses that end, and the headers of every answer."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from reports.downloads import DOWNLOADS, SECONDS, Downloads
from reports.headers import FIXED, SecurityHeaders, policy


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "performers.db"
    path.write_bytes(bytes(range(256)) * 1000)
    return path


@pytest.fixture
def client(monkeypatch, tmp_path):
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    from reports.server import download

    routes = [Route("/download/{token}", download), Route("/x", PlainTextResponse("x"))]
    return Client(Starlette(routes=routes, middleware=[Middleware(SecurityHeaders)]))


class Client:
    """Asks an app without a network."""

    def __init__(self, app: Starlette) -> None:
        self._transport = httpx.ASGITransport(app=app)

    def get(self, path: str, **headers: str) -> httpx.Response:
        async def asked() -> httpx.Response:
            base = "http://tower:8501"
            async with httpx.AsyncClient(transport=self._transport, base_url=base) as client:
                return await client.get(path, headers=headers)

        return asyncio.run(asked())


def test_an_offer_ends_and_a_file_that_is_gone_is_not_found(file):
    clock = [0.0]
    downloads = Downloads(clock=lambda: clock[0])
    address = downloads.offer(file, "a.db")
    token = address.removeprefix("download/")
    assert downloads.find(token) == (file, "a.db")
    assert downloads.find("x" * 32) is None
    assert len(token) >= 32
    assert downloads.offer(file, "a.db") != address
    clock[0] = SECONDS
    assert downloads.find(token) is None
    again = downloads.offer(file, "a.db").removeprefix("download/")
    file.unlink()
    assert downloads.find(again) is None


def test_a_file_is_sent_as_an_attachment_and_in_parts(client, file):
    address = "/" + DOWNLOADS.offer(file, "performers_1.db")
    whole = client.get(address)
    assert whole.content == file.read_bytes()
    assert whole.headers["content-disposition"] == 'attachment; filename="performers_1.db"'
    assert whole.headers["cache-control"] == "no-store"
    part = client.get(address, Range="bytes=10-19")
    assert (part.status_code, part.content) == (206, file.read_bytes()[10:20])


@pytest.mark.parametrize("token", ["nothing", "..%2f..%2fetc%2fpasswd", "%00"])
def test_an_unknown_address_sends_nothing(client, token):
    assert client.get(f"/download/{token}").status_code == 404


@pytest.mark.parametrize("base", ["reports", "/reports/"])
def test_downloads_lie_under_the_base_path_of_the_pages(monkeypatch, tmp_path, base):
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    from reports.server import paths

    assert paths("") == ["/download/{token}"]
    assert paths(base) == ["/download/{token}", "/reports/download/{token}"]


def test_every_answer_has_the_headers(client):
    for path in ("/x", "/download/nothing", "/not-there"):
        headers = client.get(path).headers
        assert all(headers[name] == value for name, value in FIXED.items())
        assert "object-src 'none'" in headers["content-security-policy"]


def test_only_the_same_host_and_airflow_may_frame_the_pages():
    assert policy("tower:8501").endswith("frame-ancestors 'self' http://tower:* https://tower:*")
    assert "http://[::1]:*" in policy("[::1]:8501")
    assert policy("a.example", "https://b.example").endswith("https://b.example")
    for host in ("", "a; script-src *", "a b", "*", "x\r\ny: z"):
        assert policy(host).endswith("frame-ancestors 'self'")
