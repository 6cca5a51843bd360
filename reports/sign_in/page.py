"""The page that asks for the password: plain HTML, nothing of it comes from outside."""

from __future__ import annotations

from html import escape

# A browser names where a form comes from only where the page lets it: the `referrer` line.
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Sign in: stash-sense trainer</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="same-origin">
<style>
  :root {{ color-scheme: light dark; font-family: system-ui, sans-serif; }}
  body {{ min-height: 90vh; display: grid; place-items: center; margin: 0; }}
  form {{ display: grid; gap: 0.75rem; width: min(20rem, 85vw); }}
  h1 {{ font-size: 1.3rem; margin: 0; }}
  input, button {{ font: inherit; padding: 0.6rem; }}
</style></head>
<body><main><form method="post"><h1>Stash-sense trainer</h1>{said}
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password"
  required autofocus>
<button>Sign in</button></form></main></body></html>
"""


def page(said: str = "") -> str:
    """The form, with a sentence on what was wrong."""
    return _PAGE.format(said=f'<p role="alert">{escape(said)}</p>' if said else "")
