"""Send a message through the services of TRAINER_NOTIFY_URLS, by Apprise.

Their addresses hold passwords and tokens: they are in no log, page or error. A service that does
not answer never fails a build.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Literal

import apprise

from trainer.config.settings import Settings
from trainer.errors import ConfigError
from trainer.reasons import kind_of

log = logging.getLogger(__name__)

SECONDS = 30.0  # for all services together
NONE_SET = (
    "no notifications are configured; set TRAINER_NOTIFY_URLS to one or more Apprise addresses, "
    "with spaces between them"
)
_TYPES = {
    "info": apprise.NotifyType.INFO,
    "success": apprise.NotifyType.SUCCESS,
    "warning": apprise.NotifyType.WARNING,
    "failure": apprise.NotifyType.FAILURE,
}
Mood = Literal["info", "success", "warning", "failure"]


@dataclass(frozen=True)
class Message:
    """Plain text; `title` is one line."""

    title: str
    body: str
    mood: Mood = "info"


@dataclass(frozen=True)
class Sent:
    """What became of a message. `service` is its number and kind, never its address."""

    service: str
    ok: bool
    reason: str = ""

    @property
    def line(self) -> str:
        return f"{self.service}: sent" if self.ok else f"{self.service}: {self.reason}"


def notify(settings: Settings, message: Message) -> None:
    """Send to every service; a failure is logged and goes no further."""
    try:
        for sent in send(settings, message):
            if not sent.ok:
                log.warning(f"notification {message.title!r} failed: {sent.line}")
    except Exception as error:  # other people's code, for a message that no build waits for
        log.warning(f"notification {message.title!r} failed: {kind_of(error)}")


def send(settings: Settings, message: Message) -> list[Sent]:
    """Return what became of it at each service; an empty list where none is configured."""
    # Apprise's own log holds addresses; what went wrong is said here. Whoever configures logging
    # afterwards, as Airflow does, switches a logger on again.
    logging.getLogger("apprise").disabled = True
    return [_send_one(number, url, message) for number, url in enumerate(addresses(settings), 1)]


def send_test(settings: Settings) -> list[Sent]:
    """Send a test to every service; raises `ConfigError` where none is configured."""
    if not addresses(settings):
        raise ConfigError(NONE_SET)
    return send(settings, Message("Test of the notifications", "The trainer can reach you here."))


def addresses(settings: Settings) -> list[str]:
    """The services' addresses: secrets, not to be shown."""
    return settings.notify_urls.get_secret_value().split() if settings.notify_urls else []


def _send_one(number: int, url: str, message: Message) -> Sent:
    asset = apprise.AppriseAsset(
        app_id="stash-sense-trainer",
        app_desc="stash-sense-trainer",
        async_mode=False,
        storage_mode=apprise.PersistentStoreMode.MEMORY,  # no file of its own beside ours
    )
    plugin = apprise.Apprise.instantiate(url, asset=asset)
    if plugin is None:
        return Sent(
            f"service {number}",
            False,
            "not an address that Apprise knows; correct it in TRAINER_NOTIFY_URLS",
        )
    service = f"service {number} ({plugin.service_name})"
    sender = apprise.Apprise(asset=asset)
    sender.add(plugin)
    done = sender.notify(
        message.body,
        title=message.title,
        notify_type=_TYPES[message.mood],
        body_format=apprise.NotifyFormat.TEXT,
        timeout=SECONDS,
    )
    if done:
        return Sent(service, True)
    return Sent(
        service, False, "it refused or did not answer; check its address and that it is running"
    )
