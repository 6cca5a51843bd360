"""However a link is written, it names the same person. All people and ids are invented."""

from __future__ import annotations

import re

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.test_links import FORMS
from trainer.config.settings import REPO_ROOT
from trainer.config.sources import shipped_sources
from trainer.identity.hosts import hosts
from trainer.identity.links import SiteLink, domains_of, identify
from trainer.identity.site_table import site_table

CASES = yaml.safe_load((REPO_ROOT / "tests" / "recorded" / "links.yaml").read_text())
NAMED = [(site, *row) for site, rows in CASES["named"].items() for row in rows]
SITES = site_table(shipped_sources())
OWN_HOST = {"wikipedia", "tumblr", "carrd"}  # the host says whom they name


def recorded_url(source: str) -> str:
    """The address of a page of the source, as its recorded case has it."""
    case = REPO_ROOT / "tests" / "recorded" / "pages" / source / "normal.expected.yaml"
    expected = yaml.safe_load(case.read_text())
    return expected["rows"][0]["page_url"] if "rows" in expected else expected["url"]


# One plain link per site: of the sources, and of the sites of links.yaml.
PLAIN = (
    {key: recorded_url(key) for key in shipped_sources()}
    | {row[0]: row[1] for row in reversed(NAMED)}
    | {row[1]: f"https://{row[0]}" for row in reversed(FORMS)}
)


@pytest.mark.parametrize("case", NAMED, ids=[case[1] for case in NAMED])
def test_whom_a_link_names_and_where_that_page_is_asked_for(case):
    site, url, number, *path = case
    found = identify(url)
    assert (found.site, found.id) == (site, number)
    if path:
        assert found.path == path[0]
    assert identify(found.url) == identify(identify(found.url).url)
    assert (identify(found.url).site, identify(found.url).id) == (site, number)


@pytest.mark.parametrize("url", CASES["nobody"])
def test_these_name_nobody(url):
    assert identify(url) == SiteLink(None, None, url)


ODD = st.text(st.sampled_from("aZ9/_-.%20?&=#+:@ \u00e9\u3042de"), max_size=12)


@given(st.sampled_from([row[1] for row in NAMED]), ODD, ODD, st.integers(0, 60))
def test_identity_settles_whatever_stands_in_a_link(link, inside, behind, place):
    text = link[:place] + inside + link[place:] + behind
    found = identify(text)
    again = identify(found.url)
    assert (again.site, again.id) == (found.site, found.id)


def test_every_site_has_a_link_here():
    assert set(PLAIN) == set(SITES.sites)


def test_a_path_can_be_asked_for_as_it_is():
    paths = [identify(url).path for _, url, *_ in NAMED]
    assert all(re.fullmatch(r"/[!-~]*", path) for path in paths if path is not None)


@pytest.mark.parametrize("site", sorted(PLAIN))
def test_a_variant_names_the_same(site):
    plain = identify(PLAIN[site])
    assert plain.site == site
    written = plain.url.split("://")[1]
    host, slash, rest = written.partition("/")
    bare = host.removeprefix("www.")
    variants = {
        f"http://{written}",
        f"//{written}",
        written,
        f"  https://{written}\n",
        f"https://{host.upper()}{slash}{rest}",
        f"https://{host}.{slash}{rest}",
        f"https://{host}:443{slash}{rest}",
        f"https://{written}#comment-1",
        f"https://{written}{'&' if '?' in written else '?'}utm_source=x&fbclid=y",
        f"https://{written}{'&' if '?' in written else '?'}zzz=1",
    }
    if "?" not in written and not written.endswith("/"):
        variants.add(f"https://{written}/")
    if site not in OWN_HOST:
        variants |= {
            f"https://{label}.{bare}/{rest}" for label in ("www", "m", "mobile", "de", "pt-br")
        }
    for variant in sorted(variants):
        assert (identify(variant).site, identify(variant).id) == (site, plain.id), variant
        again = identify(variant).url
        assert identify(identify(again).url).id == plain.id


@pytest.mark.parametrize("site", sorted(set(PLAIN) - OWN_HOST))
def test_every_other_domain_of_a_site_is_the_site(site):
    plain = identify(PLAIN[site])
    own = SITES.sites[site].domains[0]
    for domain in domains_of(site):
        url = plain.url.replace(own, domain, 1) if own in plain.url else plain.url
        assert (identify(url).site, identify(url).id) == (site, plain.id), url


@pytest.mark.parametrize("folder", ["de", "pt-br", "pt_BR", "EN", "zh-hant", "es-419"])
@pytest.mark.parametrize("site", sorted(set(PLAIN) - {"carrd"}))  # no path that could follow
def test_a_language_folder_names_the_same_or_is_a_name_itself(site, folder):
    """Where a site's first folder is whom a link names, it is left alone."""
    plain = identify(PLAIN[site])
    host, _, rest = plain.url.split("://")[1].partition("/")
    rest = rest.removeprefix("en/")
    found = identify(f"https://{host}/{folder}/{rest}")
    alone = identify(f"https://{host}/{folder}")
    if alone.id is None:
        assert (found.site, found.id) == (site, plain.id)
    else:
        assert found.id in (None, alone.id)


@given(st.sampled_from(sorted(hosts().languages)), st.sampled_from(["x.com", "onlyfans.com"]))
def test_a_handle_that_is_a_language_is_a_handle(language, host):
    assert identify(f"https://{host}/{language}").id == language
    assert identify(f"https://{host}/{language}/media").id == language
    assert identify(f"https://{host}/{language}/anything-else").id is None


def test_other_domains_lead_to_a_site_that_is_there():
    known = {domain for site in SITES.sites.values() for domain in site.domains}
    assert set(hosts().domains.values()) <= known
    assert not set(hosts().domains) & known
