"""Scrapy's settings. What depends on the source is set in `SourceSpider.from_crawler`."""

from __future__ import annotations

BOT_NAME = "stash-sense-trainer"
SPIDER_MODULES = ["scrapy_project.sources"]

LOG_LEVEL = "INFO"  # DEBUG costs a third more and prints every URL
LOG_FORMATTER = "scrapy.logformatter.LogFormatter"
STATS_DUMP = False
TELNETCONSOLE_ENABLED = False
REMOTE_CONTROL_ENABLED = False
COOKIES_ENABLED = False
METAREFRESH_ENABLED = False
REFERER_ENABLED = False
COMPRESSION_ENABLED = False  # fetchers/decompress.py does it, and takes nothing that was cut off
AUTOTHROTTLE_ENABLED = False
HTTPPROXY_ENABLED = False  # a proxy would resolve names for us, past the resolver's check
DOWNLOAD_DELAY = 0.0  # the rate is the budget's, in middlewares/budget.py
DOWNLOAD_DELAY_JITTER = 0.0
DOWNLOAD_VERIFY_CERTIFICATES = True
DOWNLOAD_MAXSIZE = 20 * 1024 * 1024
DOWNLOAD_WARNSIZE = 0
REDIRECT_MAX_TIMES = 5
DEFAULT_REQUEST_HEADERS = {
    "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "Accept-Language": "en",
    "Accept-Encoding": "gzip, deflate, br, zstd",
}
DOWNLOAD_HANDLERS = {
    "http": "scrapy_project.fetchers.handler.FetchHandler",
    "https": "scrapy_project.fetchers.handler.FetchHandler",
    "data": None,
    "file": None,
    "ftp": None,
    "s3": None,
}
DOWNLOADER_MIDDLEWARES = {
    "scrapy.downloadermiddlewares.retry.RetryMiddleware": None,
    # It takes any answer, and none at all, for "no rules".
    "scrapy.downloadermiddlewares.robotstxt.RobotsTxtMiddleware": None,
    "scrapy_project.limits.middlewares.robots.RobotsMiddleware": 100,
    "scrapy_project.limits.middlewares.backoff.BackoffMiddleware": 550,
    # Before anything is tried again (550).
    "scrapy_project.limits.middlewares.refusals.BreakerMiddleware": 560,
    # Nearer to the network than the redirect middleware (600), so that it sees 3xx answers first.
    "scrapy_project.limits.middlewares.addresses.AddressMiddleware": 650,
    "scrapy_project.limits.middlewares.clock.ClockMiddleware": 980,
    # The last before the network: whatever goes out has waited for its moment.
    "scrapy_project.limits.middlewares.budget.BudgetMiddleware": 990,
}
TWISTED_DNS_RESOLVER = "scrapy_project.limits.middlewares.addresses.PublicResolver"

BACKOFF_BASE_SECONDS = 1.0
BACKOFF_MAX_SECONDS = 60.0
RETRY_AFTER_MAX_SECONDS = 900.0
