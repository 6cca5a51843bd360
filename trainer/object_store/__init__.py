"""DATA_DIR on an object store: immutable objects, trees of paths, one pointer that moves last.

The local DATA_DIR stays the form that every step works on (docs/object-store.md).
"""
