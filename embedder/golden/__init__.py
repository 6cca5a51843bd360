"""Golden files: what a pack's models say of a few invented people, to notice when it changes."""
