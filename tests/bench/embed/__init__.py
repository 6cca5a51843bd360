"""`make bench-embedder`, step by step; each step runs in its own environment."""
