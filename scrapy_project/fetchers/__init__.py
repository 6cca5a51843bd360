"""How a page is asked for: plain, through FlareSolverr, or in Chrome.

The choice is `request.meta["fetcher"]`; it is made below all middlewares, so robots.txt, rates,
backoff and address checks hold whichever is used.
"""
