"""`trainer notify test`."""

from __future__ import annotations

import typer

from trainer.cli.common import JsonOption, show
from trainer.config.settings import Settings
from trainer.notify.send import send_test

notify_app = typer.Typer(no_args_is_help=True, help="Messages to you about builds.")


@notify_app.callback()
def notify() -> None:
    """Messages to you about builds."""


@notify_app.command("test")
def notify_test(as_json: JsonOption = False) -> None:
    """Send a test message to every service of TRAINER_NOTIFY_URLS."""
    sent = send_test(Settings.load())
    rows = [{"service": s.service, "sent": s.ok, "reason": s.reason} for s in sent]
    show(rows, as_json, [s.line for s in sent])
    raise typer.Exit(0 if all(s.ok for s in sent) else 1)
