"""Whether what has the form of personal data can be such: numbers that may be given out, days that were.

Each function takes the words that a pattern found and returns how many characters from their beginning are meant; 0
where none are.
"""

import ipaddress
import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from groundwire_server.domain.guards.check_digits import passes_luhn, passes_mod_97

_NO_DIGIT: Final = re.compile(r"[^0-9]+")
_NUMBER: Final = re.compile(r"\d+")
_SEPARATORS: Final = " .-\r\n"
_ACCOUNT: Final = re.compile(r"[A-Z]{2} ?\d\d(?:(?:[ .-]|\r?\n)?[A-Z0-9])+", re.IGNORECASE | re.ASCII)
_STANDARDS: Final = ("RFC", "ISO", "IEC", "DIN", "PEP", "CVE", "UTF", "SHA")
_POSTCODE: Final = re.compile(r"\d{5}-\d{4}")
"""An American one with its four further digits."""
_WORD: Final = re.compile(r"[^\W\d_]+")

_VERSIONS: Final = 10
_LARGE: Final = 32
"""Four numbers that begin with one up to the first, or of which none reaches the second, are a version more often."""

_FIRST_YEAR: Final = 1900
_LAST_YEAR: Final = 2099

_IBAN_LENGTHS: Final = {
    each[:2]: int(each[2:])
    for each in (
        "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 "
        "EE20 EG29 ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26 "
        "IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 "
        "NL18 NO15 OM23 PK24 PL28 PS29 PT25 QA29 RO24 RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 "
        "SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30"
    ).split()
}
"""Characters of an account number by country, of the standard's registry."""

_TEST_CARDS: Final = frozenset(
    {
        *("4111111111111111", "4242424242424242", "4012888888881881", "4000056655665556", "4000000000000002"),
        *("5555555555554444", "5105105105105100", "2223003122003222", "5200828282828210", "378282246310005"),
        *("371449635398431", "6011111111111117", "6011000990139424", "3056930009020004", "36227206271667"),
        *("3566002020360505", "6200000000000005", "30569309025904", "38520000023237", "4222222222222"),
    }
)
"""Numbers that payment services publish for tests."""

_PUBLIC_RESOLVERS: Final = frozenset(
    {"1.0.0.1", "1.1.1.1", "8.8.4.4", "8.8.8.8", "9.9.9.9", "208.67.220.220", "208.67.222.222", "149.112.112.112"}
)

_FILE_ENDINGS: Final = frozenset(
    "bmp cfg conf cpp css csv doc docx exe gif gz htm html ico ini jpeg jpg js json jsx log md mp3 mp4 pdf php png ppt "
    "py rb rs svg sql tar tgz toml ts tsx txt wav webp xls xlsx xml yaml yml zip service socket timer mount local "
    "localhost internal lan".split()
)

_DOCUMENTATION_DOMAINS: Final = frozenset({"example.com", "example.net", "example.org", "example.edu"})
_DOCUMENTATION_ADDRESSES: Final = ipaddress.ip_network("3fff::/20")

_MONTHS: Final = frozenset(
    "jan ene gen sty янв oca led tam feb fév fev lut фев şub úno hel mar mär mrt märz març mars марта наv maa bře кві "
    "apr avr abr kwi апр nis dub huh may mai maj mag май мая kvě tou jun giu juin cze июн haz kes jul lug juil lip июл "
    "tem hei aug ago aoû août agu sie авг ağu srp elo sep set wrz сен eyl zář syy oct okt ott out paź окт eki říj lok "
    "nov lis ноя kas mar dec déc dic dez des gru дек ara pro jou января mei juli juni янва".split()
)
"""The first letters of months in languages that name them."""


def _digits(words: str) -> str:
    return _NO_DIGIT.sub("", words)


_AT: Final = re.compile(r"(?i)@|%40|&#0*64;|&#x0*40;|&commat;")
"""As it is, or as addresses of pages and HTML write it."""


def _email(words: str) -> int:
    words = words.rstrip("-_")
    domain = _AT.split(words)[-1].casefold()
    first, ending = domain.partition(".")[0], domain.rpartition(".")[2]
    name = ending not in _FILE_ENDINGS and len(ending) > 1 and not any(map(str.isdigit, ending)) and not first.isdigit()
    return len(words) if name and domain not in _DOCUMENTATION_DOMAINS else 0


def _iban(words: str) -> int:
    """Find the end by the country's length; what follows may be other words."""
    found = _ACCOUNT.match(words)
    length = _IBAN_LENGTHS.get(words[:2].upper(), 0)
    if not found or not length:
        return 0
    places = [place for place, each in enumerate(found[0]) if each not in _SEPARATORS][:length]
    number = "".join(words[place] for place in places)
    end = places[-1] + 1
    whole = len(number) == length and not re.match("[A-Za-z0-9]", words[end : end + 1])
    return end if whole and "02" <= number[2:4] <= "98" and passes_mod_97(number[4:] + number[:4]) else 0


def _card(words: str) -> int:
    """Leave out a date or a code that stands behind the number."""
    ends = (len(words), *(place for place in range(len(words) - 1, 12, -1) if not words[place].isdigit()))
    return next((end for end in ends if _is_card(_digits(words[:end]))), 0)


def _is_card(digits: str) -> bool:
    prefix, length = int(digits[:4]), len(digits)
    match digits[0]:
        case "4":
            known = length in {13, 16, 19}
        case "3":
            known = (length == 15 and digits[1] in "47") or (length in {14, 16} and digits[1] in "0689")
            known = known or (length == 16 and 3528 <= prefix <= 3589)
        case "5":
            known = (length == 16 and "51" <= digits[:2] <= "55") or (
                length >= 13 and digits[:2] in {"50", "56", "57", "58"}
            )
        case "6":
            known = length >= 13
        case "8" | "9":
            known = length == 16
        case _:
            known = length == 16 and 2200 <= prefix <= 2720
    return known and len(set(digits)) > 2 and digits not in _TEST_CARDS and passes_luhn(digits)


def _ip(words: str) -> int:
    try:
        address = ipaddress.ip_address(words)
    except ValueError:
        return 0
    known = words in _PUBLIC_RESOLVERS or (address.version == 6 and address in _DOCUMENTATION_ADDRESSES)
    return len(words) if address.is_global and not address.is_multicast and not known else 0


def _ip_of_large_numbers(words: str) -> int:
    numbers = [int(each) for each in words.split(".")]
    return _ip(words) if numbers[0] > _VERSIONS and max(numbers) >= _LARGE else 0


def _passport(words: str) -> int:
    return len(words) if sum(map(str.isdigit, words)) >= 4 else 0


def _passport_line(words: str) -> int:
    """Check the number in the second line of a passport's machine-readable zone."""
    values = (0 if each == "<" else int(each, 36) for each in words[:9])
    total = sum(value * weight for value, weight in zip(values, (7, 3, 1) * 3, strict=True))
    return len(words) if total % 10 == int(words[9]) else 0


def _date(words: str) -> int:
    numbers = _NUMBER.findall(words)
    if len(numbers) == 1:
        numbers = [words[:4], words[4:6], words[6:8]]
    if len(numbers[0]) == 4:
        numbers.reverse()
    first, second, year = map(int, numbers)
    day = (1 <= first <= 31 and 1 <= second <= 12) or (1 <= second <= 31 and 1 <= first <= 12)
    return len(words) if day and (year < 100 or _FIRST_YEAR <= year <= _LAST_YEAR) else 0


def _date_in_words(words: str) -> int:
    day = 1 <= int(_digits(words)[:-4] or "0") <= 31
    months = (each.casefold() for each in _WORD.findall(words) if len(each) > 2)
    return len(words) if day and any(not _MONTHS.isdisjoint({each[:3], each[:4], each}) for each in months) else 0


def _plate(words: str) -> int:
    """Leave out what follows in capitals or digits and is too much."""
    if words.startswith(_STANDARDS):
        return 0
    for end in range(len(words), 0, -1):
        if end == len(words) or not (words[end - 1].isalnum() and words[end].isalnum()):
            letters, digits = sum(map(str.isalpha, words[:end])), sum(map(str.isdigit, words[:end]))
            if words[end - 1].isalnum() and digits and letters and 5 <= letters + digits <= 9:
                return end
    return 0


def _phone_international(words: str) -> int:
    digits = _digits(re.split(r"(?i)[a-zд]", words)[0]).removeprefix("00")
    fiction = digits[0] == "1" and (len(digits) != 11 or "555" in {digits[1:4], digits[4:7]})
    if words.count(")") > words.count("("):
        # That of what the number stands in, such as a link of Markdown.
        words = words[: words.rindex(")")]
    return len(words.rstrip(" ./(-")) if 8 <= len(digits) <= 15 and not fiction else 0


def _phone_north_america(words: str) -> int:
    digits = _digits(words).removeprefix("1")
    mixed = "." in words and "-" in words
    return 0 if mixed or "555" in {digits[:3], digits[3:6]} else len(words)


def _phone_national(words: str) -> int:
    return len(words) if 9 <= len(_digits(words)) <= 12 and not _POSTCODE.fullmatch(words) else 0


def _phone_named(words: str) -> int:
    digits = _digits(words)
    if re.fullmatch(
        r"(?:19|20)\d\d\D+(?:19|20)\d\d|[\d./-]*(?:19|20)\d\d[./-]\d\d?[./-]\d\d?|\d\d?[./-]\d\d?[./-]\d{4}", words
    ):
        return 0
    fiction = (len(digits) == 10 and digits[3:6] == "555") or (len(digits) == 7 and digits[:3] == "555")
    return 0 if fiction or words.count("(") != words.count(")") or len(set(digits)) < 3 else len(words)


def _name(words: str) -> int:
    return len(words.rstrip(" .,"))


PLAUSIBLE: Final[Mapping[str, Callable[[str], int]]] = MappingProxyType(
    {
        "card": _card,
        "date": _date,
        "date_in_words": _date_in_words,
        "email": _email,
        "iban": _iban,
        "ip": _ip,
        "ip_of_large_numbers": _ip_of_large_numbers,
        "name": _name,
        "passport": _passport,
        "passport_line": _passport_line,
        "phone_international": _phone_international,
        "phone_named": _phone_named,
        "phone_national": _phone_national,
        "phone_north_america": _phone_north_america,
        "plate": _plate,
    }
)
"""The checks by the names that rules have for them."""
