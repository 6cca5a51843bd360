""".env.example: every variable that Compose hands on, with what it is and its default.

`python -m trainer.config.env_example` prints it.
"""

from __future__ import annotations

import re
import sys
import textwrap
from itertools import groupby

from trainer.config.variables import Variable, variables

# Not to be set in .env, each for its reason.
LEFT_OUT = {
    "TRAINER_EMBEDDER_PYTHON": "the image has the embedder's environment where it looks for it",
    "TRAINER_PACKAGES_DIR": "for the invented world, which needs a checkout",
    "TRAINER_ALLOW_DEMO_PACK": "likewise",
    "TRAINER_KUBERNETES_CLAIM": "for a cluster, which has no Compose",
    "TRAINER_KUBERNETES_NAMESPACE": "likewise",
    "TRAINER_POD_TEMPLATES": "likewise",
    "TRAINER_REPORTS_URL": "the containers know the front page's addresses",
    "TRAINER_REPORTS_ROLE": "who signs in at the front page is an operator",
    "TRAINER_REPORTS_PASSWORD": "likewise",
    "TRAINER_REPORTS_VIEWER_PASSWORD": "likewise",
    "TRAINER_REPORTS_OIDC_METADATA_URL": "likewise",
    "TRAINER_REPORTS_OIDC_CLIENT_ID": "likewise",
    "TRAINER_REPORTS_OIDC_CLIENT_SECRET": "likewise",
    "TRAINER_REPORTS_OIDC_REDIRECT_URI": "likewise",
    "TRAINER_REPORTS_OPERATORS": "likewise",
    "TRAINER_REPORTS_VIEWERS": "likewise",
    "TRAINER_AIRFLOW_URL": "the containers know the front page's addresses",
    "TRAINER_AIRFLOW_API": "likewise",
    "TRAINER_AIRFLOW_USER": "the reports sign in by themselves",
    "TRAINER_AIRFLOW_PASSWORD": "likewise",
    "TRAINER_AIRFLOW_LOGIN": "likewise",
    "TRAINER_GIVEN_KEYS": "set by the containers themselves",
    "TRAINER_FRONT_PORT": "the port inside the container; TRAINER_PUBLISH is the published one",
    "TRAINER_FRONT_AIRFLOW": "the services' names stand in docker-compose.yml",
    "TRAINER_FRONT_REPORTS": "likewise",
    "TRAINER_POSTGRES_HOST": "likewise",
    "TRAINER_AIRFLOW_DATABASE": "tasks should not know it unless an operator wants them to",
}
# Read by Compose itself, and by the images of others.
COMPOSE = (
    Variable("TRAINER_PUBLISH", "127.0.0.1:8080", "Address and port of the front page", ""),
    Variable("TZ", "", "Time zone of the containers, and of the schedule", ""),
    Variable("TRAINER_IMAGE", "stash-sense-trainer:latest", "The trainer's image", ""),
    Variable(
        "TRAINER_EMBEDDER_TARGET", "cpu", "What the embedder's image is built for: cpu or cuda", ""
    ),
    Variable(
        "TRAINER_MEMORY", "12g", "Memory limit of where builds run: scheduler or merge worker", ""
    ),
    Variable("TRAINER_WORKER_MEMORY", "4g", "Memory limit of a crawl or GPU worker", ""),
    Variable("TRAINER_MERGE_MEMORY", "12g", "Memory limit of the merge worker", ""),
    Variable("DOCKER_SOCKET", "/var/run/docker.sock", "The host's Docker socket", ""),
    Variable("POSTGRES_IMAGE", "postgres:16-bookworm", "Image of the database", ""),
    Variable("REDIS_IMAGE", "redis:7-bookworm", "Profile cluster", ""),
    Variable(
        "FLARESOLVERR_IMAGE", "ghcr.io/flaresolverr/flaresolverr:latest", "Profile flaresolverr", ""
    ),
    Variable("CHROME_IMAGE", "chromedp/headless-shell:latest", "Profile chrome", ""),
)
OVERRIDDEN = {
    "DATA_DIR": "/srv/stash-sense",
    "TRAINER_EMBEDDER": "docker",
    "TRAINER_DOCKER_URL": "tcp://docker-proxy:2375",
}
_HEAD = """# cp .env.example .env && docker compose up -d
# Made from the settings by `make docs`. What is commented out has the value that is shown; an empty
# line is not set. docs/configuration.md has the same with links.
"""
_LINK = re.compile(r"\[([^\]]+)\]\([^)]+\)")


def env_example() -> str:
    """Return the file: what has to be looked at on top, then all settings by group."""
    parts = [_HEAD, "# --- Compose", *map(_entry, COMPOSE), ""]
    shown = [variable for variable in variables() if variable.name not in LEFT_OUT]
    for group, members in groupby(shown, key=lambda variable: variable.group):
        parts += [f"# --- {group}", *map(_entry, members), ""]
    return "\n".join(parts)


def _entry(variable: Variable) -> str:
    said = _LINK.sub(r"docs/\1.md", variable.description).replace("`", "")
    lines = textwrap.wrap(said, 96, initial_indent="# ", subsequent_indent="# ")
    default = OVERRIDDEN.get(variable.name, variable.default)
    fixed = default and variable.name != "DATA_DIR"
    return "\n".join([*lines, f"{'#' if fixed else ''}{variable.name}={default}"])


if __name__ == "__main__":
    sys.stdout.write(env_example())
