"""The image's health check: `health.py PORT`, where the front page answers this machine for the
reports and for Airflow."""

import sys
import urllib.request

for path in ("reports", "airflow"):
    try:
        urllib.request.urlopen(f"http://127.0.0.1:{sys.argv[1]}/{path}", timeout=8)
    except OSError as error:
        sys.exit(f"{path}: {error}")
