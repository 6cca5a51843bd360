"""What every decision of a person has: a reason, for those who look later."""

from __future__ import annotations

from trainer.errors import ConfigError


def require_reason(text: str) -> str:
    """The reason on one line; raises `ConfigError` where there is none."""
    reason = " ".join(text.split())
    if not reason:
        raise ConfigError("the reason is empty; say why, for those who look later")
    return reason
