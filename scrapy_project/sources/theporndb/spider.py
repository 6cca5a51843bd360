"""theporndb.net: a list of performers behind a REST API."""

from __future__ import annotations

from scrapy_project.kinds.rest import RestSpider


class TheporndbSpider(RestSpider):
    name = "theporndb"
