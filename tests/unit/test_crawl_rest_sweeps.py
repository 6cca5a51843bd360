"""Lists of ThePornDB, which have one order only, that do not add up."""

from __future__ import annotations

import json

from tests.unit.test_crawl_rest import KEY, LIVE, crawl, performers, server  # noqa: F401


def test_a_rest_list_that_shuffles_is_swept_with_pages_of_other_sizes(tmp_path, server):  # noqa: F811
    """Whoever begins page 2 of seven is on page 1 by then, and the last of page 1 once more."""

    def slipping(target):
        if target != "/performers?page=2&per_page=7":
            return None
        headers = {"Authorization": f"Bearer {KEY}"}
        asked = ({"page": page, "per_page": "7"} for page in "12")
        first, second = (server.api.answer("/performers", a, headers)[1] for a in asked)
        second["data"][0] = first["data"][-1]
        return 200, {"Content-Type": "application/json"}, json.dumps(second).encode()

    server.before = slipping
    manifest = crawl(tmp_path, server, enable_faces=False)
    assert manifest.status == "complete" and manifest.full_sweep, manifest.reason
    assert len({row["source_id"] for row in performers(tmp_path, server)}) == len(LIVE)
    sizes = [target.rpartition("=")[2] for target in server.pages() if "page=1&" in target]
    assert sizes == ["7", "4"]


def test_a_retry_of_a_rest_crawl_sweeps_anew(tmp_path, server):  # noqa: F811
    server.total_offset = 1
    manifest = crawl(tmp_path, server, enable_faces=False)
    assert manifest.status == "failed"
    server.requests.clear()
    server.total_offset = 0
    manifest = crawl(tmp_path, server, enable_faces=False)
    assert manifest.status == "complete" and manifest.full_sweep
    assert len([t for t in server.pages() if "page=1&" in t]) == 1
