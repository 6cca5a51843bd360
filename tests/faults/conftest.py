"""Fault tests share the world and the trainer of the end-to-end tests."""

from tests.e2e.conftest import demo_images, released, week_1

__all__ = ["demo_images", "released", "week_1"]
