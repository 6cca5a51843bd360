"""Values as people read them."""

from datetime import UTC, datetime

from reports import text


def test_local_time_is_the_readers():
    at = datetime(2026, 11, 28, 22, 15, tzinfo=UTC)
    assert text.local(at, "Europe/Berlin") == "Sat 28 Nov 2026, 23:15"
    assert text.local(at, None) == text.local(at, "../etc/passwd") + " UTC"
    assert text.local(None, "Europe/Berlin") == text.MISSING


def test_markdown_escapes_what_streamlit_would_interpret():
    assert text.markdown("a_[b](c) :red[x] $y$") == r"a\_\[b\]\(c\) \:red\[x\] \$y\$"
    said = text.markdown("https://x.example www.x.example a@x.example").replace("\u2060", "|")
    assert said == r"https\:|\/\/x\.example www|\.x\.example a|\@x\.example"
    assert text.plain("\u202ex\ny") == "<U+202E>x<U+000A>y"
    assert text.plain("Zoë שלום") == "Zoë שלום"


def test_no_cell_of_a_table_is_a_formula():
    for name in ("=1+1", "+cmd", "-x", "@x"):
        assert text.cell(name) == "'" + name
    for name in ("-5.3", "+14", "12%", "a=b", "\tx", ""):
        assert text.cell(name) == text.plain(name)


def test_values_are_readable():
    assert text.percent(None) == text.MISSING
    assert text.utc("2026-01-08T03:00:00+02:00") == "2026-01-08 01:00 UTC"
    assert text.utc("nonsense") == text.MISSING
    assert text.duration(3725) == "1 h 02 min"
    assert text.size(1_478_000_000) == "1.5 GB"


def test_what_stands_between_backticks_is_code_and_the_rest_is_not_interpreted():
    assert text.with_code("run `trainer build` *now*") == r"run `trainer build` \*now\*"
    assert text.with_code("`a` and `b`") == "`a` and `b`"
    assert text.with_code("one ` alone <b>") == r"one \` alone \<b\>"
    assert text.with_code("`**a**\n# b`") == "`**a**<U+000A># b`"
    assert text.with_code("empty ``: $x$") == r"empty \: \$x\$"
