# ruff: noqa: RUF001
"""Names compared by the rules of their script. Everybody is invented."""

from __future__ import annotations

import unicodedata
from typing import Any

import pytest

from trainer.identity.claims import ClaimFacts
from trainer.identity.evidence_items import names_agree
from trainer.identity.matching import find_joins
from trainer.identity.names import nearly, romanised, same_name, spelled_alike, spellings, words
from trainer.state.store import KnownIdentities

ONE_NAME = [  # script, two spellings that its readers take for one name
    ("latin", "Małgorzata Żółw", "Malgorzata Zolw"),
    ("latin", "Sørén Øst", "Soren Ost"),
    ("latin", "Đorđe Ħal", "Dorde Hal"),
    ("latin", "Þóra Æsa", "Thora Aesa"),
    ("latin", "Weißŧ Œrn", "Weisst Oern"),
    ("latin", "IŞIL İpekçi", "ışıl ipekci"),
    ("latin", "Nguyễn Thị Ơn", "Nguyen Thi On"),
    ("latin", "Zoë D\u02bcArc", "Zoe D'Arc"),
    ("latin", "O\u2018Zorn", "OZorn"),
    ("latin", "Gal\u00b7la Zorn", "Galla Zorn"),
    ("latin", "Ｍｉｒａ\u3000Ｚｏｒｎ", "Mira Zorn"),
    ("latin", "Mi\u00adra Zo\u200brn\u202c", "Mira Zorn"),
    ("greek", "Ζωή Άρνου", "ζωη αρνου"),
    ("greek", "ΖΩΗΣ ᾼρνος", "Ζωης Αρνος"),
    ("cyrillic", "Алёна Зо\u0301рина", "Алена Зорина"),
    ("arabic", "مُنَى الزُّورِيّ", "منى الزوري"),
    ("arabic", "أمـــل زوري", "امل زورى"),
    ("arabic", "مه\u200cزاد زوریک", "مهزاد زوريك"),
    ("hebrew", "מִרְיָם זוֹרְן", "מרים זורן"),
    ("devanagari", "मीरा\u200d ज़ोर", "मीरा ज\u093cोर"),
    ("malayalam", "മീരന്\u200d", "മീരൻ"),
    ("thai", "ฟ้า\u200bใส โซรา", "ฟ้าใส โซรา"),
    ("hangul", "김솔아", unicodedata.normalize("NFD", "김솔아")),
    ("hangul", "김 솔아", "김솔아"),
    ("kana", "ｶﾞﾅ ﾐﾉ", "ガナ ミノ"),
    ("kana", "ガナ ミノ", "がな みの"),
    ("han", "空\U000e0100田 美", "空田 美"),
    ("han", "空田 美", "空田美"),
    ("han", "\uf9aa空", "寧空"),
    ("armenian", "ՄԻՐԱ ԶՈՐՅԱՆ", "միրա զորյան"),
    ("georgian", "ᲛᲘᲠᲐ ᲖᲝᲠᲘ", "მირა ზორი"),
]
TWO_NAMES = [  # script, names that its readers tell apart
    ("kana", "かな みの", "がな みの"),
    ("kana", "はる みの", "ぱる みの"),
    ("kana", "ばる みの", "ぱる みの"),
    ("kana", "ゆうか みの", "ゆか みの"),
    ("kana", "ユーリ ミノ", "ユリ ミノ"),
    ("kana", "しよ みの", "しょ みの"),
    ("han", "王芳 空", "王方 空"),
    ("han", "美空", "実空"),
    ("devanagari", "मीरा ज़ोर", "मारी ज़ोर"),
    ("devanagari", "मीरा ज़ोर", "मिरा ज़ोर"),
    ("devanagari", "मीरा ज़ोर", "मेरा ज़ोर"),
    ("bengali", "মীরা জোর", "মেরা জোর"),
    ("tamil", "மீரா சோரன்", "மாரி சோரன்"),
    ("telugu", "మీరా జోరు", "మారీ జోరు"),
    ("malayalam", "മീര സോരൻ", "മാര സോരൻ"),
    ("sinhala", "මීරා සෝරා", "මාරි සෝරා"),
    ("thai", "ฟ้า โซรา", "ฟี โซรา"),
    ("thai", "ใส โซรา", "ใส่ โซรา"),
    ("khmer", "មីរ៉ា សូរ៉ា", "មារី សូរ៉ា"),
    ("myanmar", "မီရာ ဇော်", "မာရီ ဇော်"),
    ("hangul", "김솔아 한", "김설아 한"),
    ("hangul", "한가 솔", "항아 솔"),
    ("cyrillic", "Майя Зорина", "Маия Зорина"),
    ("cyrillic", "Їра Зорська", "Іра Зорська"),
    ("arabic", "سارة زوري", "سيرة زوري"),
    ("hebrew", "מרים זורן", "מרום זורן"),
    ("georgian", "მირა ზორი", "მერა ზორი"),
    ("armenian", "Միրա Զորյան", "Մերա Զորյան"),
    ("ethiopic", "ሚራ ዞራ", "ሜራ ዞራ"),
]
BORN = "1990-04-17"


@pytest.mark.parametrize(("script", "one", "other"), ONE_NAME)
def test_spellings_of_one_name(script, one, other):
    assert same_name(one, other), script
    assert spellings(one) & spellings(other)


@pytest.mark.parametrize(("script", "one", "other"), TWO_NAMES)
def test_names_that_readers_tell_apart(script, one, other):
    assert not same_name(one, other), script
    assert not spellings(one) & spellings(other)
    assert not spelled_alike(one, other)


@pytest.mark.parametrize(("script", "one", "other"), TWO_NAMES)
def test_people_of_one_birth_date_with_such_names_are_not_joined(script, one, other):
    """Country, height and eyes agree as well: the name is all that tells them apart."""
    facts: dict[str, Any] = {
        "birth_date": BORN,
        "country": "ZZ",
        "height_cm": 170,
        "eye_color": "BROWN",
    }
    records = [
        ClaimFacts((source, source[0]), name=name, **facts)
        for source, name in (("stashdb", one), ("fansdb", other))
    ]
    assert find_joins(records, KnownIdentities()) == ([], [])


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("मीरा ज़ोर", 2),
        ("ฟ้าใส โซรา", 2),
        ("மீரா", 1),
        ("មីរ៉ា", 1),
        ("မီရာ", 1),
        ("מה\u05f4ה", 1),
        ("مه\u200cزاد", 1),
        ("空\U000e0100田", 1),
        ("ᠮᠢᠷ\u180bᠠ", 1),
        ("Mi\u2060ra", 1),
    ],
)
def test_a_word_stays_one_word(name, count):
    assert len(words(name)) == count
    assert all(len(word) > 1 for word in words(name))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Jörg Zorn", "Joerg Zorn"),
        ("Jörg Zorn", "Jorg Zorn"),
        ("Søren Åst", "Soeren Aast"),
        ("Đina Zorn", "Djina Zorn"),
        ("Anne\u2011Marie Zorn", "Annemarie Zorn"),
        ("Yulia Zorn", "Julia Zorn"),
    ],
)
def test_a_name_has_several_spellings(one, other):
    assert spellings(one) & spellings(other)
    assert nearly(one, other)


@pytest.mark.parametrize(
    ("native", "latin"),
    [
        ("Юлия Зорина", "Julia Zorina"),
        ("Наталья Щукова", "Natalya Shchukova"),
        ("Ζωή Λούρου", "Zoi Lourou"),
        ("ゆき みの", "Mino Yuki"),
        ("მირა ზორი", "Mira Zori"),
        ("मीरा जोरा", "Mira Jora"),
    ],
)
def test_a_name_in_latin_letters_is_a_clue_and_not_enough(native, latin):
    assert not same_name(native, latin)
    assert spelled_alike(native, latin)

    def joined(**facts) -> bool:
        records = [
            ClaimFacts((source, "x"), name=name, birth_date=BORN, **facts)
            for source, name in (("stashdb", native), ("fansdb", latin))
        ]
        return bool(find_joins(records, KnownIdentities())[0])

    assert not joined()
    assert joined(country="ZZ")


@pytest.mark.parametrize("name", ["王芳", "منى", "מרים", "ฟ้า", "Mira", "Małgorzata", "!"])
def test_what_has_no_spelling_by_letters_has_no_romanised_key(name):
    assert romanised(name) == frozenset()


def test_two_scripts_are_no_accent_apart():
    """Only names that have no script in common may be of one person by a birth date alone."""
    link: dict[str, Any] = {"birth_date": BORN}
    zoe, mira = ClaimFacts(("a", "1"), name="Zoë Q", **link), ClaimFacts(("b", "1"), name="Mo R")
    assert not names_agree(zoe, ClaimFacts(mira.claim, name="Mo R", **link))
    assert names_agree(zoe, ClaimFacts(mira.claim, name="空田 美", **link))
