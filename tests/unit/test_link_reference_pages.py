"""Links to pages of reference sites: by the rule of an invented source."""

from __future__ import annotations

import pytest

from trainer.config.sources import PageRule
from trainer.identity.links import SiteLink, identify_in
from trainer.identity.site_table import Site, SitePage, SiteTable

# Reference sites: the rule of an invented source.
RULE = PageRule(
    domains=["demosite.example"],
    links=[
        {"match": r"/star/(?P<id>[^/?]+)/?", "path": "/star/{id}/photos"},
        {"match": r"/p\.php\?(?:.*&)?n=(?P<id>\d+)", "path": "/p.php?n={id}"},
    ],
    slug="hyphen",
    reserved=["search"],
)
DEMO = SiteTable({"demosite": SitePage(RULE, "https://www.demosite.example/")})


def test_a_reference_page_has_the_path_that_its_rule_makes():
    found = identify_in(DEMO, "//m.demosite.example/Star/Mira-Vask/?utm_source=x")
    assert found == SiteLink(
        "demosite",
        "mira-vask",
        "https://www.demosite.example/star/mira-vask/photos",
        True,
        "/star/mira-vask/photos",
    )
    assert identify_in(DEMO, found.url) == found
    assert identify_in(DEMO, "demosite.example/p.php?b=2&n=77&a=1").path == "/p.php?n=77"
    assert identify_in(DEMO, "https://demosite.example/star/Search").site is None
    assert identify_in(DEMO, "https://shop.demosite.example/star/mira").site is None


def test_a_wiki_page_is_one_however_its_title_is_written():
    rule = PageRule(
        domains=["wiki.example"],
        links=[{"match": "^/w/(?P<id>[^/?]+)$", "path": "/w/{id}"}],
        slug="underscore",
    )
    wiki = SiteTable({"wiki": SitePage(rule, "https://wiki.example")})
    forms = ["Mira_O%27Vask", "mira%20O'Vask", "Mira_O'Vask?utm_source=a"]
    found = {identify_in(wiki, f"https://wiki.example/w/{form}") for form in forms}
    assert found == {identify_in(wiki, "wiki.example/w/Mira_O'Vask/")}
    assert found.pop().id == "Mira_O'Vask"
    other = identify_in(wiki, "https://wiki.example/w/Mira_o'vask")
    assert other.id == "Mira_o'vask"


def test_a_site_is_also_where_the_operator_says_that_it_is():
    here = SiteTable({"demosite": SitePage(RULE, "http://127.0.0.1:8123/")})
    found = identify_in(here, "http://127.0.0.1:8123/star/mira")
    assert (found.site, found.id, found.path) == ("demosite", "mira", "/star/mira/photos")
    assert identify_in(here, "https://demosite.example/star/mira") == found
    assert identify_in(here, "http://127.0.0.1:8124/star/mira").site is None


def test_a_domain_belongs_to_one_site():
    site = Site(kind="hub", domains=["demosite.example"], forms=[])
    with pytest.raises(ValueError, match="demosite"):
        SiteTable({"a": site, "b": site})
