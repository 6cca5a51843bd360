"""Which pictures are worth a request, and in which order: pure functions over columns."""
