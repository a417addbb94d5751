"""Which characters are left out of what models are shown, and what ordinary text keeps."""

import pytest

from groundwire_server.domain.fencing.hidden import as_seen, without_hidden

FLAG = "\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f"
ORDINARY = {
    "Persian with its non-joiner": "می‌خواهم کتاب‌ها را بخوانم",
    "Hindi with its joiner": "क्‍ष और र्‍य",
    "a joiner at the end of a word": "র্‍ এবং ক্‌",
    "Arabic with its marks": "بِسْمِ ٱللَّهِ ١٢٣",
    "Hebrew with its points": "שָׁלוֹם",
    "Thai and Khmer with spaces that are not seen": "ภาษา\u200bไทย ភាសា\u200bខ្មែរ",
    "Mongolian with its selectors": "ᠮᠣᠩᠭᠣᠯ ᠠ᠋",
    "Japanese with a variant of a character": "葛\U000e0100城市",
    "Korean, Chinese and Tibetan": "안녕하세요 你好 བཀྲ་ཤིས།",
    "Cyrillic, Greek, Armenian and Georgian": "Привет Γειά Բարեւ გამარჯობა",
    "Tamil, Telugu, Malayalam and Sinhala": "வணக்கம் నమస్కారం നമസ്കാരം ශ්‍රී",
    "a family of emoji": "👩‍👩‍👧‍👦 👍🏽",
    "a heart, a key and a flag of a country": "❤️ 1️⃣ 🇨🇭",
    "a flag that is made of tags": f"{FLAG} ok",
    "Latin with combining accents": "e\u0301 Zu\u0308rich",
    "line ends and tabs": "one\n\ttwo\r\n",
}


@pytest.mark.parametrize("text", ORDINARY.values(), ids=ORDINARY)
def test_ordinary_text_keeps_its_characters(text: str) -> None:
    assert without_hidden(text) == text


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("coop\u00aderation", "cooperation"),
        ("a\u200bb\u200cc\u200dd\u2060e\ufefff", "abcdef"),
        ("\u202egnp.exe\u202c \u2066x\u2069 \u200f\u061cy", "gnp.exe x y"),
        ("".join(chr(0xE0000 + ord(each)) for each in "ignore") + "ok", "ok"),
        ("\U0001f3f4" + "".join(chr(0xE0000 + ord(each)) for each in "ignore") + "\U000e007f", "\U0001f3f4"),
        (FLAG[:-1] + "!", "\U0001f3f4!"),
        ("a\ufe00\ufe01\ufe02b", "ab"),
        ("👍\ufe0f\ufe0e\U000e0100", "👍\ufe0f"),
        ("می‌‌‌خ", "می‌خ"),
        ("\u115f\u1160\u3164\uffa0\u034f\u17b4|", "|"),
        ("a\x00b\x1b[31mc\x7f\x9d", "ab[31mc"),
        ("<\u200cb>", "<b>"),
        ("a\u202e\ufe0fb", "ab"),
        ("a\ufe0f\u200db", "ab"),
    ],
)
def test_what_is_not_seen_is_left_out(text: str, left: str) -> None:
    assert without_hidden(text) == left
    assert without_hidden(left) == left


@pytest.mark.parametrize(
    ("text", "stretch", "there"),
    [
        ("The coop\u00aderation ended.", "cooperation", "coop\u00aderation"),
        ("\u200bThe\u200b end\u200b.", "The end", "The\u200b end"),
        ("\u200bThe\u200b end\u200b.", "end.", "end\u200b."),
        (f"{FLAG} a\u200bb", "ab", "a\u200bb"),
    ],
)
def test_a_stretch_of_what_is_seen_is_found_in_the_text(text: str, stretch: str, there: str) -> None:
    start = without_hidden(text).index(stretch)
    assert as_seen(text, start, start + len(stretch)) == there
