"""A release: SQLite database, Voyager indexes, verification, evaluation, diff, gate, publishing."""
