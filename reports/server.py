"""The reports' server: `streamlit run reports/server.py`. The pages of `app.py`, the downloads that
they offer, and the headers of every answer."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from urllib.parse import urlsplit

from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Route
from streamlit import config
from streamlit.starlette import App

# `streamlit run` puts this directory on the path, not the project's.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from reports.downloads import DOWNLOADS, ROUTE
from reports.headers import SecurityHeaders
from reports.sign_in.middleware import SignIn
from reports.sign_in.oidc import secrets_of
from trainer.config.settings import Settings


def download(request: Request) -> Response:
    """The file that a page offered under this token, piece by piece."""
    found = DOWNLOADS.find(request.path_params["token"])
    if found is None:
        return PlainTextResponse("This link has ended; open the page again.", 404)
    path, name = found
    return FileResponse(
        path,
        media_type="application/octet-stream",
        filename=name,
        headers={"Cache-Control": "no-store", "Content-Encoding": "identity"},
    )


def embedded_by() -> str:
    """The origin of the Airflow that shows these pages, where it is configured."""
    address = urlsplit(Settings.load().airflow_url or "")
    return f"{address.scheme}://{address.netloc}" if address.netloc else ""


def paths(base: str) -> list[str]:
    """Where downloads are asked for: beside the pages, under their base path where there is one."""
    found = dict.fromkeys(("", base.strip("/")))
    return [f"/{prefix}/{ROUTE}/{{token}}".replace("//", "/") for prefix in found]


SETTINGS = Settings.load()
DOWNLOADS.is_served = True
import_module("pandas")  # pyarrow would do it while somebody waits for the first table
app = App(
    Path(__file__).with_name("app.py"),
    routes=[Route(path, download) for path in paths(config.get_option("server.baseUrlPath"))],
    middleware=[
        Middleware(SecurityHeaders, embedded_by=embedded_by()),
        Middleware(SignIn, settings=SETTINGS),
    ],
    secrets=secrets_of(SETTINGS) or None,
)
