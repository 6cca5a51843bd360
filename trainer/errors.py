"""Errors that a person reads: each says what happened and what to do next."""


class TrainerError(Exception):
    """A failure with a clear message; the CLI prints it without a traceback."""


class ConfigError(TrainerError):
    """A setting, parameter or source definition that is refused before anything runs."""


class DamagedFileError(TrainerError):
    """A file whose bytes are not what its manifest, or its format, says."""


class UnreadableJson(DamagedFileError, ValueError):
    """A JSON file of ours that was cut off, or is of no JSON."""


class StageFailed(TrainerError):
    """A pipeline step that could not do what was asked; the last release stays as it was."""


class RetryLater(StageFailed):
    """A failure that time may cure: `retry_after` seconds, or None when the server named none."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after
