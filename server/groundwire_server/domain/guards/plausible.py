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
_WORD: Final = re.compile(r"[^\W\d_]+")

_FIRST_YEAR: Final = 1900
_LAST_YEAR: Final = 2099

_IBAN_LENGTHS: Final = {
    **dict(AD=24, AE=23, AL=28, AT=20, AZ=28, BA=20, BE=16, BG=22, BH=22, BI=27, BR=29, BY=28, CH=21, CR=22, CY=28),
    **dict(CZ=24, DE=22, DJ=27, DK=18, DO=28, EE=20, EG=29, ES=24, FI=18, FK=18, FO=18, FR=27, GB=22, GE=22, GI=23),
    **dict(GL=18, GR=27, GT=28, HN=28, HR=21, HU=28, IE=22, IL=23, IQ=23, IS=26, IT=27, JO=30, KW=30, KZ=20, LB=28),
    **dict(LC=32, LI=21, LT=20, LU=20, LV=21, LY=25, MC=27, MD=24, ME=22, MK=19, MN=20, MR=27, MT=31, MU=30, NI=28),
    **dict(NL=18, NO=15, OM=23, PK=24, PL=28, PS=29, PT=25, QA=29, RO=24, RS=22, RU=33, SA=24, SC=31, SD=18, SE=24),
    **dict(SI=19, SK=24, SM=27, SO=23, ST=25, SV=28, TL=23, TN=24, TR=26, UA=29, VA=22, VG=24, XK=20, YE=30),
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
    "bmp cfg conf cpp css csv doc docx exe gif gz htm html ico ini jpeg jpg js json jsx log md mp3 mp4 pdf php png ppt py "
    "rb rs svg sql tar tgz toml ts tsx txt wav webp xls xlsx xml yaml yml zip local localhost internal lan".split()
)

_MONTHS: Final = frozenset(
    "jan ene gen sty янв oca led tam feb fév fev lut фев şub úno hel mar mär mrt märz març mars марта наv maa bře кві "
    "apr avr abr kwi апр nis dub huh may mai maj mag май мая kvě tou jun giu juin cze июн haz kes jul lug juil lip июл "
    "tem hei aug ago aoû août agu sie авг ağu srp elo sep set wrz сен eyl zář syy oct okt ott out paź окт eki říj lok "
    "nov lis ноя kas mar dec déc dic dez des gru дек ara pro jou января mei juli juni янва".split()
)
"""The first letters of months in languages that name them."""


def _digits(words: str) -> str:
    return _NO_DIGIT.sub("", words)


def _email(words: str) -> int:
    words = words.rstrip("-_")
    ending = words.rpartition(".")[2]
    return 0 if ending.casefold() in _FILE_ENDINGS or len(ending) < 2 or any(map(str.isdigit, ending)) else len(words)


def _iban(words: str) -> int:
    length = _IBAN_LENGTHS.get(words[:2].upper(), len(words) + 1)
    characters = ""
    for place, each in enumerate(words):
        if each.isalnum():
            characters += each
        if len(characters) == length:
            end = place + 1
            apart = not words[end : end + 1].isalnum()
            return end if apart and "02" <= characters[2:4] <= "98" and passes_mod_97(characters[4:] + characters[:4]) else 0
    return 0


def _card(words: str) -> int:
    digits = _digits(words)
    prefix, length = int(digits[:4]), len(digits)
    match digits[0]:
        case "4":
            known = length in {13, 16, 19}
        case "3":
            known = (length == 15 and digits[1] in "47") or (length in {14, 16} and digits[1] in "0689")
            known = known or (length == 16 and 3528 <= prefix <= 3589)
        case "5":
            known = (length == 16 and "51" <= digits[:2] <= "55") or (length >= 13 and digits[:2] in {"50", "56", "57", "58"})
        case "6":
            known = length >= 13
        case _:
            known = length == 16 and 2200 <= prefix <= 2720
    return len(words) if known and len(set(digits)) > 2 and digits not in _TEST_CARDS and passes_luhn(digits) else 0


def _ip(words: str) -> int:
    try:
        address = ipaddress.ip_address(words)
    except ValueError:
        return 0
    return len(words) if address.is_global and not address.is_multicast and words not in _PUBLIC_RESOLVERS else 0


def _passport(words: str) -> int:
    digits = sum(map(str.isdigit, words))
    return len(words) if digits >= 4 and (digits < len(words) or digits in {7, 8, 9}) else 0


def _passport_line(words: str) -> int:
    """Check the second line of a passport's machine-readable zone; three of its fields have check digits."""
    return len(words) * all(
        sum(_line_value(each) * (7, 3, 1)[place % 3] for place, each in enumerate(field)) % 10 == int(check)
        for field, check in ((words[:9], words[9]), (words[13:19], words[19]), (words[21:27], words[27]))
        if check.isdigit()
    )


def _line_value(character: str) -> int:
    return 0 if character == "<" else int(character, 36)


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
    digits = sum(map(str.isdigit, words))
    letters = sum(map(str.isalpha, words))
    return len(words) if digits and letters and 5 <= digits + letters <= 10 else 0


def _phone_international(words: str) -> int:
    digits = _digits(re.split(r"(?i)[a-zд]", words)[0]).removeprefix("00")
    fiction = digits[0] == "1" and (len(digits) != 11 or digits[4:7] == "555")
    return len(words.rstrip(" ./(-")) if 8 <= len(digits) <= 15 and not fiction else 0


def _phone_north_america(words: str) -> int:
    return 0 if _digits(words).removeprefix("1")[3:6] == "555" else len(words)


def _phone_national(words: str) -> int:
    return len(words) if 9 <= len(_digits(words)) <= 12 else 0


def _phone_named(words: str) -> int:
    digits = _digits(words)
    if re.fullmatch(r"(?:19|20)\d\d\D+(?:19|20)\d\d|[\d./-]*(?:19|20)\d\d[./-]\d\d?[./-]\d\d?|\d\d?[./-]\d\d?[./-]\d{4}", words):
        return 0
    fiction = len(digits) == 10 and digits[3:6] == "555" or len(digits) == 7 and digits[:3] == "555"
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
