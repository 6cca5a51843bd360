"""What OpenSSL says of a connection that could not be made, out of the errors around it."""

from __future__ import annotations

from OpenSSL.SSL import Error as OpenSslError

NOT_SECURE = "no secure connection could be made"


def tls_words(error: BaseException | None) -> str:
    """The reasons, e.g. `certificate verify failed`; empty where it was not TLS that failed.

    Scrapy's error has Twisted's as its cause, and that one has OpenSSL's in a list of failures.
    """
    if error is None:
        return ""
    if isinstance(error, OpenSslError):
        stack = error.args[0] if error.args else ()
        texts = (str(entry[-1]) for entry in stack if isinstance(entry, tuple) and entry)
        return "; ".join(dict.fromkeys(filter(None, texts)))
    wrapped = (getattr(reason, "value", None) for reason in getattr(error, "reasons", None) or ())
    found = (tls_words(one) for one in (*wrapped, error.__cause__))
    return next(filter(None, found), "")
