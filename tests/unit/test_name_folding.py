# ruff: noqa: RUF001
"""Folding of names, over whole alphabets. Everybody is invented."""

from __future__ import annotations

import unicodedata
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trainer.crawl.slugs import slug
from trainer.identity import names_v1
from trainer.identity.folding import fold
from trainer.identity.names import same_name, spellings, words

SCRIPTS = {
    "latin": "abcdefgłøđðþßæœıħŧŋñçéüåơşžČŻ",
    "greek": "αβγδεζηθικλμνξοπρστυφχψωΆΈίϊΐς",
    "cyrillic": "абвгдеёжзийклмнопрстуфхцчшщъыьэюяіїєґўѓќ",
    "armenian": "աբգդեզէըթժիլխծկհձղճմյնշոչպջռսվտրցւփքօֆ",
    "georgian": "აბგდევზთიკლმნოპჟრსტუფქღყშჩცძწჭხჯჰ",
    "hebrew": "אבגדהוזחטיכלמנסעפצקרשת",
    "arabic": "ابتثجحخدذرزسشصضطظعغفقلمنهوي",
    "devanagari": "कखगघचजटडतदनपबमयरलवशसहािीुूेैोौ्ंँ",
    "bengali": "কখগঘচজটডতদনপবমযরলশসহািীুূেৈোৌ্ং",
    "tamil": "கஙசஞடணதநபமயரலவழளறனாிீுூெேைொோௌ்",
    "thai": "กขคงจชซดตถทนบปผพมยรลวสหอะาิีึืุูเแโใไ่้๊๋็์ั",
    "khmer": "កខគឃងចឆជញដតថទនបផពមយរលវសហាិីឹឺុូួើេែៃោៅ្",
    "hiragana": "あいうえおかがきぎくぐさざしじたちつづてでなはばぱまみやゆよらりるれろわん",
    "hangul": "가나다라마바사아자차카타파하각난닫랄맘밥삿앙잦찾칵탄팥핟힣",
    "han": "王田空美実芳方林海花月星寧",
    "ethiopic": "ሀለመሚሜሞረራርሰሳስዘዞበቡቢ",
}
OPTIONAL = {  # marks that readers of the script leave out
    "latin": "\u0301\u0308\u0323\u0327",
    "greek": "\u0301\u0308\u0314",
    "hebrew": "\u05b0\u05b4\u05b8\u05c1",
    "arabic": "\u064b\u064e\u0651\u0652\u0670",
}
INVISIBLE = "\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\u00ad\u061c\u202e\ufe0f"


@st.composite
def names(draw) -> tuple[str, str]:
    script = draw(st.sampled_from(sorted(SCRIPTS)))
    word = st.text(SCRIPTS[script], min_size=1, max_size=8).filter(lambda w: w[0].isalpha())
    return script, " ".join(draw(st.lists(word, min_size=1, max_size=3)))


@settings(deadline=None)
@given(names(), st.data())
def test_what_readers_do_not_look_at_changes_nothing(drawn, data):
    script, name = drawn
    ways = [unicodedata.normalize(form, name) for form in ("NFC", "NFD", "NFKC", "NFKD")]
    ways += [name.upper().lower(), name.title()]
    if len(spaced := name.split()) > 1:
        ways.append(" ".join(reversed(spaced)))
    place = data.draw(st.integers(0, len(name)))
    ways.append(name[:place] + data.draw(st.sampled_from(INVISIBLE)) + name[place:])
    if script in OPTIONAL and (place == 0 or name[place - 1].isalpha()) and place:
        ways.append(name[:place] + data.draw(st.sampled_from(OPTIONAL[script])) + name[place:])
    for way in ways:
        assert words(way) == words(name), (name, way)
        assert same_name(way, name)


@settings(deadline=None)
@given(names(), names())
def test_letters_that_differ_are_names_that_differ(one, other):
    """By the table of each script no two of its letters are one, but for those of the fold."""
    (script, mine), (_, theirs) = one, other
    if {"latin", "greek", "cyrillic"} & {script, other[0]}:
        return  # their accents are left out
    flat = [unicodedata.normalize("NFC", text).replace(" ", "") for text in (mine, theirs)]
    if same_name(mine, theirs):
        assert sorted(flat[0]) == sorted(flat[1]) or set(mine.split()) & set(theirs.split())


@settings(deadline=None)
@given(st.one_of(names().map(lambda drawn: drawn[1]), st.text(max_size=30)))
def test_folding_twice_is_folding_once(name):
    assert fold(fold(name)) == fold(name)
    assert words(" ".join(words(name))) == words(name)


@pytest.mark.parametrize("script", sorted(set(SCRIPTS) - {"latin", "greek", "cyrillic"}))
def test_every_letter_of_a_script_is_another(script):
    letters = [c for c in SCRIPTS[script] if c.isalpha()]
    for one, other in combinations(letters, 2):
        assert words(letters[0] + one) != words(letters[0] + other)


@given(st.text(st.characters(max_codepoint=127), max_size=40))
def test_ascii_names_are_folded_as_before(name):
    """The quick way for them, and the keys that were stored."""
    assert words(name) == names_v1.words(name)
    assert spellings(name) == names_v1.spellings(name)


@pytest.mark.parametrize(
    ("name", "found"),
    [("Đina Ħal", "dina-hal"), ("Þóra Ŋu", "thora-ngu"), ("Işıl Zörn", "isil-zorn")],
)
def test_slugs_are_made_by_the_same_folding(name, found):
    assert slug(name, "hyphen") == found
