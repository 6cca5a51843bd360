"""Fault tests share the world and the trainer of the end-to-end tests."""

from tests.e2e.conftest import demo_pictures, released, week_1

__all__ = ["demo_pictures", "released", "week_1"]
