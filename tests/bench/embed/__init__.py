"""`make bench-embedder`, step by step; each step is a separate program environment."""
