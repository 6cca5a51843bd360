"""Shared by all tests. Sockets beyond loopback are blocked in pyproject.toml (pytest-socket)."""
