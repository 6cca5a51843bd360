"""Pages in any encoding, read as a browser reads them."""

from __future__ import annotations

import codecs

import pytest
from scrapy.http import Response

from scrapy_project.parsing.charset import as_utf8, text_of_page
from scrapy_project.parsing.charset_labels import CODECS
from scrapy_project.parsing.html import document, text_of
from scrapy_project.parsing.profile import PageError


def in_page(name: str, declared: str = "") -> str:
    return f"<html><head>{declared}<title>{name}</title></head><body><p>{name}</p></body></html>"


DECLARED = [
    ("Zo\u00eb \u2013 \u20ac", "iso-8859-1", "cp1252"),
    ("Zo\u00eb", "latin1", "cp1252"),
    ("Ann Vance", "US-ASCII", "cp1252"),
    ("\u017dofie Nov\u00e1kov\u00e1", "windows-1250", "cp1250"),
    ("\u017dofie", "ISO-8859-2", "iso8859-2"),
    ("\u0410\u043d\u043d\u0430", "windows-1251", "cp1251"),
    ("\u0410\u043d\u043d\u0430", "koi8-r", "koi8-r"),
    ("\u5c71\u7530\u82b1\u5b50\u2460", "Shift_JIS", "cp932"),
    ("\u5c71\u7530\u82b1\u5b50", "x-sjis", "cp932"),
    ("\u5c71\u7530\u82b1\u5b50\u2460", "EUC-JP", "euc_jis_2004"),
    ("\u5c71\u7530\u82b1\u5b50", "iso-2022-jp", "iso2022_jp"),
    ("\u738b\u5c0f\u660e\u9555", "gb2312", "gb18030"),
    ("\u738b\u5c0f\u660e", "gbk", "gb18030"),
    ("\u738b\u5c0f\u660e", "big5", "big5hkscs"),
    ("\uae40\ubbfc\uc9c0\ub620", "euc-kr", "cp949"),
    ("\uae40\ubbfc\uc9c0", "ks_c_5601-1987", "cp949"),
    ("\u0e2a\u0e21", "tis-620", "cp874"),
    ("Zo\u00eb", "utf8", "utf-8"),
]


@pytest.mark.parametrize(("name", "label", "codec"), DECLARED)
def test_the_header_says_the_encoding(name, label, codec):
    text = in_page(name)
    for header in (f"text/html; charset={label}", f'text/html;charset="{label.upper()}"'):
        assert text_of_page(text.encode(codec), header) == text


@pytest.mark.parametrize(("name", "label", "codec"), DECLARED)
def test_the_page_says_the_encoding(name, label, codec):
    for declared in (
        f'<meta charset="{label}">',
        f'<meta http-equiv="Content-Type" content="text/html; charset={label}">',
    ):
        text = in_page(name, declared)
        assert text_of_page(text.encode(codec), "text/html") == text


def test_mark_before_header_before_page():
    text = in_page("Zo\u00eb", '<meta charset="windows-1251">')
    for codec, mark in (
        ("utf-8", codecs.BOM_UTF8),
        ("utf-16-le", codecs.BOM_UTF16_LE),
        ("utf-16-be", codecs.BOM_UTF16_BE),
    ):
        assert text_of_page(mark + text.encode(codec), "text/html; charset=iso-8859-2") == text
    assert text_of_page(text.encode("cp1252"), "text/html; charset=iso-8859-1") == text
    assert text_of_page(text.encode("utf-16-le"), "text/html; charset=utf-16") == text


@pytest.mark.parametrize(
    "header", ["text/html; charset=nonsense", "text/html; charset=", "text/html; charset=rot13", ""]
)
def test_a_label_that_names_nothing_is_none(header):
    text = in_page("Zo\u00eb", '<meta charset="iso-8859-15">')
    assert text_of_page(text.encode("iso8859-15"), header) == text
    assert text_of_page(in_page("Zo\u00eb").encode(), header) == in_page("Zo\u00eb")


def test_a_declaration_in_a_comment_is_none_and_a_page_in_utf_16_needs_its_mark():
    text = in_page("Zo\u00eb", "<!-- <meta charset=shift_jis> -->")
    assert text_of_page(text.encode(), None) == text
    text = in_page("Zo\u00eb", "<meta charset=utf-16>")
    assert text_of_page(text.encode(), None) == text


@pytest.mark.parametrize(
    ("body", "header"),
    [
        (in_page("Zo\u00eb").encode("cp1252"), "text/html; charset=utf-8"),
        (in_page("Zo\u00eb", "<meta charset=utf-8>").encode("cp1252"), "text/html"),
        (codecs.BOM_UTF8 + b"<title>\xe9", "text/html; charset=iso-8859-1"),
        (b"<title>\x81\x01", "text/html; charset=shift_jis"),
        (b"<title>\xff\xff", "text/html; charset=gb2312"),
        (b"<title>\xaa", "text/html; charset=windows-1253"),
        (b"<title>x", "text/html; charset=hz-gb-2312"),
        (b"<title>x", "text/html; charset=iso-2022-kr"),
        (codecs.BOM_UTF16_LE + b"<\x00\x00\xd8", None),
    ],
)
def test_a_page_that_is_not_what_it_declares_is_an_error(body, header):
    with pytest.raises(PageError) as failed:
        text_of_page(body, header)
    assert (failed.value.kind, failed.value.field) == ("charset", "html")


def test_every_byte_of_windows_1252_means_something():
    text = text_of_page(bytes(range(256)), "text/html; charset=iso-8859-1")
    assert len(text) == 256 and text[0x80] == "\u20ac" and text[0x81] == "\x81"


@pytest.mark.parametrize(
    ("name", "codec"),
    [
        ("Chlo\u00e9 Lef\u00e8vre", "cp1252"),
        ("Zo\u00eb", "cp1252"),
        ("J\u00fcrgen Gr\u00f6\u00dfe", "cp1252"),
        ("\u5c71\u7530\u82b1\u5b50 \u6771\u4eac\u90fd \u751f\u5e74\u6708\u65e5", "cp932"),
        ("\u5c71\u7530\u82b1\u5b50 \u6771\u4eac\u90fd \u751f\u5e74\u6708\u65e5", "euc_jp"),
        ("\u0410\u043d\u043d\u0430 \u041f\u0435\u0442\u0440\u043e\u0432\u0430", "cp1251"),
        ("\u738b\u5c0f\u660e \u51fa\u751f\u65e5\u671f \u5317\u4eac", "gb18030"),
        ("\uae40\ubbfc\uc9c0 \uc0dd\ub144\uc6d4\uc77c \uc11c\uc6b8", "cp949"),
        ("Zo\u00eb \u5c71\u7530", "utf-8"),
    ],
)
def test_a_page_that_declares_nothing_is_told_by_its_bytes(name, codec):
    assert text_of_page(in_page(name).encode(codec), "text/html") == in_page(name)


def test_parsers_get_utf_8_whatever_the_page_declares_in_itself():
    text = in_page("Zo\u00eb", '<meta charset="windows-1251">')
    headers = {"Content-Type": "text/html; charset=windows-1252"}
    body = as_utf8(Response("https://site.example/", headers=headers, body=text.encode("cp1252")))
    assert text_of(document(body), "title") == "Zo\u00eb"
    assert as_utf8(Response("https://site.example/", headers=headers, body=b"")) == b""


def test_all_labels_have_a_codec():
    assert len(CODECS) > 215
    assert all(codecs.lookup(codec) for codec in CODECS.values())
