"""fansdb.cc: a stash-box like any other."""

from __future__ import annotations

from scrapy_project.kinds.stash_box import StashBoxSpider


class FansdbSpider(StashBoxSpider):
    name = "fansdb"
