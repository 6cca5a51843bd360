"""`make bench-embedder`, step by step; each step is a program of its own environment."""
