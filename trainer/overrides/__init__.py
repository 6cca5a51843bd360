"""The operator's configuration files in DATA_DIR: read, changed, compared, written and undone."""
