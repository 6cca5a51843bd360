"""What answers on the network: sources and their keys, browsers, Airflow. One request each.

Addresses and keys are in no finding: an operator's address may hold a password.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit, urlunsplit

import requests
from protego import Protego

from trainer.config.environment import environment
from trainer.config.settings import Settings
from trainer.config.sources import SourceConfig, load_sources
from trainer.errors import TrainerError
from trainer.health.finding import Finding, ok, skipped
from trainer.services.airflow_api import read_login

_SECONDS = 10.0
_MOST = 500_000  # bytes of a robots.txt that are read
_AGENT = "stash-sense-trainer/0.1"


def network(settings: Settings) -> Iterator[Finding]:
    """Yield what answered; all are asked at once."""
    try:
        sources = [s for s in load_sources(settings.data_dir).values() if s.enabled]
    except TrainerError:
        return  # said by the configuration
    asked: list[Callable[[], Finding]] = [
        *(lambda source=source: _source(source, settings) for source in sources),  # type: ignore[misc]
        lambda: _browser("FlareSolverr", settings.flaresolverr_url, "/", "FlareSolverr"),
        lambda: _browser("Chrome", settings.chrome_cdp_url, "/json/version", "Browser"),
        _airflow,
    ]
    with ThreadPoolExecutor(max_workers=8) as pool:
        yield from pool.map(lambda ask: ask(), asked)


def _source(source: SourceConfig, settings: Settings) -> Finding:
    name = f"source {source.key}"
    given = environment()
    key = given.get(source.api_key_env or "", "")
    if source.api_key_env and not key:
        return skipped(name, f"{source.api_key_env} is not set")
    if settings.contact is None and not settings.allow_private_hosts:
        return skipped(name, "TRAINER_CONTACT is not set")
    base = str(source.base_url).rstrip("/")
    agent = f"{_AGENT} (+{settings.contact or 'a server of the operator'})"
    try:
        with _session(agent) as session:
            refused = _robots(session, source, base, agent)
            if refused is None and key:
                refused = _key(session, source, base, key)
    except requests.RequestException:
        return Finding(name, "warning", "it does not answer", "try again later, or switch it off "
                       "in sources.yaml")  # fmt: skip
    return refused or ok(name, "it answers" + (", and takes the key" if key else ""))


def _session(agent: str) -> requests.Session:
    session = requests.Session()
    session.trust_env = False  # no .netrc and no proxy between us and them
    session.headers["User-Agent"] = agent
    return session


def _robots(
    session: requests.Session, source: SourceConfig, base: str, agent: str
) -> Finding | None:
    """May its pages be asked for? A client error but 429 means that there are no rules."""
    if not source.obey_robots:
        return None
    with session.get(f"{base}/robots.txt", timeout=_SECONDS, stream=True) as answer:
        name = f"source {source.key}"
        if answer.status_code == 429 or answer.status_code >= 500:
            text = f"its robots.txt answers {answer.status_code}, so nothing is asked of it now"
            return Finding(name, "warning", text, "try again later")
        if answer.status_code >= 400 or "html" in answer.headers.get("Content-Type", ""):
            return None
        text = answer.raw.read(_MOST, decode_content=True).decode("utf-8", "replace")
    if Protego.parse(text).can_fetch(f"{base}/", agent.partition(" ")[0]):
        return None
    return Finding(name, "bad", "its robots.txt does not allow us", "switch it off in sources.yaml")


def _key(session: requests.Session, source: SourceConfig, base: str, key: str) -> Finding | None:
    """One request with the key; a redirect could carry it elsewhere."""
    if source.kind == "stash_box":
        answer = session.post(
            f"{base}/graphql",
            json={"query": "query { me { id } }"},
            headers={"ApiKey": key},
            timeout=_SECONDS,
            allow_redirects=False,
        )
        refused = answer.status_code in (401, 403) or _has_errors(answer)
    else:
        answer = session.get(
            f"{base}/performers?per_page=1",
            headers={"Authorization": f"Bearer {key}", "Accept": "application/json"},
            timeout=_SECONDS,
            allow_redirects=False,
        )
        refused = answer.status_code in (401, 403)
    if not refused:
        return None
    help_ = f"check {source.api_key_env}: make a new key on the site"
    return Finding(f"source {source.key}", "bad", "it refuses the key", help_)


def _has_errors(answer: requests.Response) -> bool:
    try:
        content = answer.json()
    except ValueError:
        return False
    return isinstance(content, dict) and bool(content.get("errors"))


def _browser(name: str, url: object, path: str, word: str) -> Finding:
    """A service of the operator's; `word` is in the answer of the right program."""
    if url is None:
        return skipped(name, "its address is not set")
    parsed = urlsplit(url.get_secret_value())  # type: ignore[attr-defined]
    scheme = {"ws": "http", "wss": "https"}.get(parsed.scheme, parsed.scheme)
    address = urlunsplit((scheme, parsed.netloc, path, "", ""))
    try:
        with _session(_AGENT) as session:
            answer = session.get(address, timeout=_SECONDS, allow_redirects=False)
        if answer.ok and word in answer.text[:10_000]:
            return ok(name, "it answers")
        text = f"something else answers there ({answer.status_code})"
    except requests.RequestException:
        text = "nothing answers there"
    return Finding(name, "warning", text, "start it, or correct its address; sources that need it "
                   "are skipped")  # fmt: skip


def _airflow() -> Finding:
    try:
        login = read_login()
    except TrainerError as error:
        text, _, advice = str(error).partition("; ")
        return Finding("Airflow", "bad", text, advice)
    if login is None:
        return skipped("Airflow", "its address is not set (TRAINER_AIRFLOW_API)")
    try:
        with _session(_AGENT) as session:
            answer = session.get(f"{login.url}/api/v2/monitor/health", timeout=_SECONDS)
            states = {part: (found or {}).get("status") for part, found in answer.json().items()}
    except (requests.RequestException, ValueError, AttributeError):
        return Finding("Airflow", "bad", "it does not answer", "start it, and look at its log")
    ill = sorted(part for part, status in states.items() if status not in ("healthy", None))
    if ill:
        help_ = "restart them, and look at their logs"
        return Finding("Airflow", "bad", f"not healthy: {', '.join(ill)}", help_)
    return ok("Airflow", "all its parts are healthy")
