"""Keeping servers running: process groups that start together and stop together."""
