"""External links: one identity however a link is written. All people and ids are invented."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainer.identity.addresses import _take_any_apart, take_apart
from trainer.identity.links import SiteLink, catalogues, identify
from trainer.identity.site_table import site_table

UUID = "6f1d3c1e-8d52-5a0e-9f0b-3c7d5a1e2b40"
UC = "UCinventedChannel0000000"

# (link, site, id, the one spelling): one row per site and form.
FORMS = [
    ("imdb.com/name/nm9990001/bio", "imdb", "nm9990001", "https://www.imdb.com/name/nm9990001"),
    ("wikidata.org/wiki/q999", "wikidata", "Q999", "https://www.wikidata.org/wiki/Q999"),
    ("wikidata.org/entity/Q999", "wikidata", "Q999", "https://www.wikidata.org/wiki/Q999"),
    (
        "sv.m.wikipedia.org/wiki/Linn%C3%A9a_F%C3%B6rr",
        "wikipedia",
        "sv:Linnéa_Förr",
        "https://sv.wikipedia.org/wiki/Linn%C3%A9a_F%C3%B6rr",
    ),
    ("themoviedb.org/person/77-mira", "tmdb", "77", "https://www.themoviedb.org/person/77"),
    ("thetvdb.com/people/77-mira", "tvdb", "77", "https://thetvdb.com/people/77"),
    ("letterboxd.com/actor/mira/", "letterboxd", "mira", "https://letterboxd.com/actor/mira"),
    ("discogs.com/de/artist/77-Mira", "discogs", "77", "https://www.discogs.com/artist/77"),
    (f"musicbrainz.org/artist/{UUID}", "musicbrainz", UUID, None),
    ("data18.com/name/mira", "data18", "mira", "https://www.data18.com/name/mira"),
    ("data18.com/pornstars/mira", "data18", "mira", "https://www.data18.com/name/mira"),
    ("egafd.com/actresses/details.php/id/m00099", "egafd", "m00099", None),
    ("bgafd.co.uk/actresses/details.php/id/m00099", "bgafd", "m00099", None),
    ("gayeroticvideoindex.com/performer/77", "gevi", "77", None),
    ("eurobabeindex.com/sbandoindex/miravask.html", "eurobabeindex", "miravask", None),
    ("adultdvdempire.com/77/mira-pornstars.html", "adultempire", "77", None),
    ("hotmovies.com/porn-star/77/Mira/", "hotmovies", "77", None),
    ("definebabe.com/model/mira", "definebabe", "mira", None),
    ("wikifeetx.com/Mira_Vask", "wikifeet", "mira_vask", None),
    ("modelmayhem.com/portfolio/77/viewall", "modelmayhem", "77", None),
    ("minnano-av.com/actress990077.html", "minnano_av", "990077", None),
    ("javlibrary.com/ja/vl_star.php?s=aebc&mode=2", "javlibrary", "aebc", None),
    ("javdb.com/actors/aBcD", "javdb", "aBcD", None),
    ("r18.com/videos/vod/movies/list/id=77/pagesize=30/", "r18", "77", None),
    ("actress.dmm.co.jp/-/detail/=/actress_id=77/", "dmm", "77", None),
    ("video.dmm.co.jp/av/list/?actress=77", "dmm", "77", None),
    ("xslist.org/ja/model/77.html", "xslist", "77", None),
    (
        "warashi-asian-pornstars.fr/fr/s-2-0/female-pornstar/mira/demo/77",
        "warashi",
        "s-2-0/77",
        None,
    ),
    ("twitter.com/Mira_Demo", "twitter", "mira_demo", "https://x.com/mira_demo"),
    ("x.com/mira_demo/media", "twitter", "mira_demo", "https://x.com/mira_demo"),
    ("instagram.com/Mira.Demo/", "instagram", "mira.demo", None),
    ("threads.net/@mira.demo", "threads", "mira.demo", None),
    ("facebook.com/profile.php?id=9990", "facebook", "9990", None),
    ("facebook.com/people/Mira-Demo/9990/", "facebook", "9990", None),
    ("facebook.com/pages/Mira-Demo/9990", "facebook", "9990", None),
    ("facebook.com/mira.demo/photos", "facebook", "mira.demo", None),
    ("tiktok.com/@Mira.Demo", "tiktok", "mira.demo", None),
    (f"youtube.com/channel/{UC}/videos", "youtube", UC, f"https://www.youtube.com/channel/{UC}"),
    ("youtube.com/@MiraDemo", "youtube", "@mirademo", None),
    ("youtube.com/user/MiraDemo", "youtube", "user/mirademo", None),
    ("youtube.com/c/MiraDemo", "youtube", "c/mirademo", None),
    ("reddit.com/u/Mira_Demo", "reddit", "mira_demo", "https://www.reddit.com/user/mira_demo"),
    ("twitch.tv/MiraDemo/about", "twitch", "mirademo", None),
    ("kick.com/mirademo", "kick", "mirademo", None),
    ("bsky.app/profile/mira.bsky.social", "bluesky", "mira.bsky.social", None),
    ("snapchat.com/add/mirademo", "snapchat", "mirademo", None),
    ("mirademo.tumblr.com", "tumblr", "mirademo", "https://mirademo.tumblr.com/"),
    ("tumblr.com/mirademo", "tumblr", "mirademo", "https://mirademo.tumblr.com/"),
    ("vk.com/id9990", "vk", "id9990", None),
    ("patreon.com/user?u=9990", "patreon", "user/9990", None),
    ("patreon.com/c/MiraDemo/posts", "patreon", "mirademo", None),
    ("onlyfans.com/MiraDemo/media", "onlyfans", "mirademo", None),
    ("fansly.com/MiraDemo/posts", "fansly", "mirademo", None),
    ("fanvue.com/mirademo", "fanvue", "mirademo", None),
    ("loyalfans.com/mirademo", "loyalfans", "mirademo", None),
    ("justfor.fans/MiraDemo", "justforfans", "mirademo", None),
    ("fancentro.com/mirademo", "fancentro", "mirademo", None),
    ("admireme.vip/MiraDemo", "admireme", "mirademo", None),
    ("stars.avn.com/mirademo", "avnstars", "mirademo", None),
    ("manyvids.com/Profile/9990/MiraDemo/Store/Videos", "manyvids", "9990", None),
    ("modelhub.com/mira-demo/videos", "modelhub", "mira-demo", None),
    ("de.pornhub.com/model/Mira-Demo/videos", "pornhub", "model/mira-demo", None),
    ("pornhub.com/pornstar/mira-demo", "pornhub", "pornstar/mira-demo", None),
    ("pornhub.com/users/mirademo", "pornhub", "users/mirademo", None),
    ("xvideos.com/models/mira-demo", "xvideos", "models/mira-demo", None),
    ("xvideos.com/pornstars/mira-demo#_tabVideos", "xvideos", "pornstars/mira-demo", None),
    ("xnxx.com/pornstar/mira-demo", "xnxx", "pornstar/mira-demo", None),
    ("xhamster.com/pornstars/mira-demo", "xhamster", "pornstars/mira-demo", None),
    ("youporn.com/pornstar/77/mira-demo", "youporn", "mira-demo", None),
    ("redtube.com/pornstar/mira+demo", "redtube", "mira+demo", None),
    ("eporner.com/pornstar/mira-demo-ab12c", "eporner", "mira-demo-ab12c", None),
    ("redgifs.com/users/mirademo", "redgifs", "mirademo", None),
    ("chaturbate.com/p/mirademo/", "chaturbate", "mirademo", "https://chaturbate.com/mirademo"),
    ("profiles.myfreecams.com/MiraDemo", "myfreecams", "mirademo", None),
    ("stripchat.com/MiraDemo/profile", "stripchat", "mirademo", None),
    ("camsoda.com/mirademo", "camsoda", "mirademo", None),
    ("cam4.com/profile/mirademo", "cam4", "mirademo", None),
    ("sextpanther.com/Mira-Demo", "sextpanther", "mira-demo", None),
    ("linktr.ee/MiraDemo", "linktree", "mirademo", "https://linktr.ee/mirademo"),
    ("allmylinks.com/mirademo", "allmylinks", "mirademo", None),
    ("beacons.ai/mirademo", "beacons", "mirademo", None),
    ("mirademo.carrd.co", "carrd", "mirademo", "https://mirademo.carrd.co/"),
    ("t.me/s/mirademo", "telegram", "mirademo", "https://t.me/mirademo"),
    ("clips4sale.com/studio/9990/mira-demo-store", "clips4sale", "9990", None),
    ("iwantclips.com/store/9990/MiraDemo", "iwantclips", "9990", None),
    ("apclips.com/mirademo", "apclips", "mirademo", None),
    ("amazon.com/hz/wishlist/ls/1INVENTED99?ref_=x", "amazon_wishlist", "1INVENTED99", None),
    ("kink.com/model/9990/mira", "kink", "9990", None),
    ("evilangel.com/en/pornstar/view/Mira-Demo/9990", "evilangel", "9990", None),
    ("suicidegirls.com/girls/Mira/", "suicidegirls", "mira", None),
    (f"stashdb.org/performers/{UUID}/edit", "stashdb", UUID, None),
]

NOBODY = [
    "https://twitter.com/home",
    "https://twitter.com/i/flow/login",
    "https://twitter.com/mira_demo/status/99",
    "https://www.instagram.com/p/abcdef/",
    "https://www.instagram.com/explore",
    "https://www.tumblr.com",
    "https://www.carrd.co/",
    "https://www.facebook.com/profile.php",
    "https://www.imdb.com/title/tt9990001/",
    "https://store.twitter.com/mira_demo",
    "https://imdb.com.example.org/name/nm9990001",
    "https://notimdb.com/name/nm9990001",
    "https://someone:secret@www.imdb.com/name/nm9990001",
    "https://www.imdb.com:8443/name/nm9990001",
    "ftp://www.imdb.com/name/nm9990001",
    "javascript:alert(1)",
    "mailto:mira@example.org",
    "https://mira.example.org/about?x=1#y",
    "http://[::1",
    "Mira Demo",
    "",
    "https://\udcff/",
]


@pytest.mark.parametrize(("link", "site", "number", "url"), FORMS, ids=[row[0] for row in FORMS])
def test_a_form_of_a_link(link, site, number, url):
    found = identify(f"https://{link}")
    assert (found.site, found.id) == (site, number)
    assert url is None or found.url == url
    again = identify(found.url)
    assert again == found
    for other in (f"//www.{link}", f"http://{link}", f"  https://{link}\n"):
        if not other.startswith(("//www.mira", "//www.sv")):
            assert identify(other) == found, other


def test_every_site_of_the_table_has_an_example():
    assert {row[1] for row in FORMS} == set(site_table({}).sites) | {"stashdb"}


@pytest.mark.parametrize("link", NOBODY)
def test_a_link_that_names_nobody_is_kept_as_it_is(link):
    assert identify(link) == SiteLink(None, None, link)


@pytest.mark.parametrize(
    "variant",
    [
        "http://www.imdb.com/name/nm9990001/",
        "HTTPS://WWW.IMDB.COM/name/nm9990001",
        "https://m.imdb.com/name/nm9990001?ref_=nv_sr_1",
        "https://www.imdb.com:443/name/nm9990001#top",
        "https://www.imdb.com//name///nm9990001//",
        "https://www.imdb.com/name/%6Em9990001",
        "https://www.imdb.com/name/NM9990001?utm_source=a&fbclid=b",
        "//imdb.com/name/nm9990001",
        "www.imdb.com/name/nm9990001",
        "\u200bhttps://www.imdb.com./name/nm9990001 ",
    ],
)
def test_one_entry_in_many_spellings(variant):
    assert identify(variant) == identify("https://www.imdb.com/name/nm9990001")


def test_unicode_is_one_name_however_it_is_encoded():
    composed, decomposed = "Linn\u00e9a", "Linne\u0301a"
    links = {f"https://sv.wikipedia.org/wiki/{name}" for name in (composed, decomposed)}
    links.add("https://sv.wikipedia.org/wiki/Linn%c3%a9a")
    assert {identify(link) for link in links} == {
        identify(f"https://sv.wikipedia.org/wiki/{composed}")
    }


def test_only_catalogues_and_personal_accounts_are_evidence():
    strong = {row[1] for row in FORMS if identify(f"https://{row[0]}").strong}
    weak = {row[1] for row in FORMS} - strong
    assert {"imdb", "stashdb", "twitter", "onlyfans"} <= strong
    assert weak == {
        *("linktree", "allmylinks", "beacons", "carrd", "telegram"),
        *("clips4sale", "iwantclips", "apclips", "amazon_wishlist"),
        *("kink", "evilangel", "suicidegirls"),
    }
    assert "imdb" in catalogues()
    assert "twitter" not in catalogues()


LINKS = st.sampled_from([f"https://{row[0]}" for row in FORMS])
ODD = st.text(st.characters(exclude_categories=()), max_size=40)


@given(st.one_of(ODD, st.builds("{}{}".format, LINKS, ODD), st.builds("{1}{0}".format, LINKS, ODD)))
def test_identity_never_raises_and_settles(text):
    found = identify(text)
    if found.site is None:
        assert found == SiteLink(None, None, text)
    else:
        assert identify(found.url) == found


@given(
    LINKS.filter(lambda link: "carrd" not in link and "mirademo.tumblr" not in link),
    st.sampled_from(["", "www.", "m.", "WWW.", "de."]),
    st.sampled_from(["", "/", "//"]),
    st.lists(st.sampled_from(["utm_source=a", "fbclid=B", "igshid=c", "gclid=d"]), max_size=3),
    st.sampled_from(["", "#", "#top"]),
)
def test_spelling_changes_nothing(link, prefix, slash, tracking, fragment):
    plain, _, query = link.removeprefix("https://").partition("?")
    if "wikipedia" in plain or "actress." in plain or "video." in plain or "profiles." in plain:
        prefix = ""
    slash = "" if plain.endswith("/") else slash
    queries = "&".join(filter(None, [query, *tracking]))
    fragment = "" if "#" in plain else fragment
    before, hash_, after = plain.partition("#")
    path = f"{before}{slash}" if not hash_ else before
    spelled = f"http://{prefix}{path}{'?' + queries if queries else ''}{hash_}{after}{fragment}"
    assert identify(spelled) == identify(link)


@given(
    st.from_regex(
        r"https?://[a-z0-9-]{1,8}(\.[a-z0-9-]{1,8}){1,2}(/[A-Za-z0-9_.~/-]{0,20})?", fullmatch=True
    )
)
def test_plain_addresses_are_taken_apart_as_all_others_are(url):
    assert take_apart(url) == _take_any_apart(url)
