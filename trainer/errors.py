"""Errors that a person reads: each says what happened and what to do next."""


class TrainerError(Exception):
    """A failure with a clear message; the CLI prints it without a traceback."""


class ConfigError(TrainerError):
    """A setting, parameter or source definition that is refused before anything runs."""


class DamagedFileError(TrainerError):
    """A file whose bytes are not what its manifest, or its format, says."""


class StageFailed(TrainerError):
    """A pipeline step that could not do what was asked; the last release stays as it was."""
