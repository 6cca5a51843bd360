"""The tabs of one run."""
