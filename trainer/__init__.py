"""The domain of stash-sense-trainer: WHAT is built. Imports no framework."""

__version__ = "0.1.0"
