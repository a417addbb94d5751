"""Numbers by which countries know persons: their forms and check digits.

Each check takes a number without separators, its letters in upper case. A check digit lets one in ten or eleven other
numbers pass: where the form is of digits alone, words beside the number have to tell the rest.
"""

import re
from collections.abc import Callable, Mapping
from datetime import date
from types import MappingProxyType
from typing import Final

from groundwire_server.domain.guards.check_digits import (
    passes_luhn,
    passes_mod_11_10,
    passes_verhoeff,
    weighted_sum,
)

_ES_LETTERS: Final = "TRWAGMYFPDXBNJZSQVHLCKE"
_FI_SIGNS: Final = "0123456789ABCDEFHJKLMNPRSTUVWXY"
_CN_SIGNS: Final = "10X98765432"
_CL_SIGNS: Final = "0123456789K0"
_SG_LETTERS: Final = {"S": "JZIHGFEDCBA", "T": "GFEDCBAJZIH", "F": "XWUTRQPNMLK", "G": "RQPNMLKXWUT"}
_IT_MONTHS: Final = "ABCDEHLMPRST"
_IT_ODD: Final = (1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23)
"""Values of A to Z, and of 0 to 9 as of A to J, at the odd places of an Italian tax code."""
_IT_DIGITS: Final = str.maketrans("LMNPQRSTUV", "0123456789")
"""Letters that stand in for digits where two persons would have the same code."""


def _is_date(year: str, month: int, day: int) -> bool:
    """Return whether there is a day; a year of two digits is taken for one of a century that has it."""
    try:
        date(int(year) if len(year) == 4 else 2000 + int(year), month, day)
    except ValueError:
        return False
    return True


def _us_ssn(number: str) -> bool:
    area, group, serial = number[:3], number[3:5], number[5:]
    return area not in {"000", "666"} and area < "900" and group != "00" and serial != "0000"


def _uk_nino(number: str) -> bool:
    return number[:2] not in {"BG", "GB", "KN", "NK", "NT", "TN", "ZZ"}


def _uk_nhs(number: str) -> bool:
    return (weighted_sum(number[:9], range(10, 1, -1)) + int(number[9])) % 11 == 0


def _de_tax_id(number: str) -> bool:
    counts = sorted((number[:10].count(digit) for digit in set(number[:10])), reverse=True)
    return number[0] != "0" and counts[0] in {2, 3} and counts[1] == 1 and passes_mod_11_10(number)


def _de_social_insurance(number: str) -> bool:
    digits = f"{number[:8]}{ord(number[8]) - ord('A') + 1:02}{number[9:11]}"
    products = (int(each) * weight for each, weight in zip(digits, (2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1), strict=True))
    check = sum(sum(divmod(each, 10)) for each in products) % 10
    return _is_date(number[6:8], int(number[4:6]), int(number[2:4]) % 50) and check == int(number[11])


def _fr_nir(number: str) -> bool:
    month, digits = int(number[3:5]), number[:13].replace("2A", "19").replace("2B", "18")
    return (1 <= month <= 12 or 20 <= month <= 42 or month >= 50) and 97 - int(digits) % 97 == int(number[13:])


def _es_dni(number: str) -> bool:
    digits = number[:8].translate(str.maketrans("XYZ", "012"))
    return _ES_LETTERS[int(digits) % len(_ES_LETTERS)] == number[8]


def _it_tax_code(number: str) -> bool:
    digits = (number[6:8] + number[9:11]).translate(_IT_DIGITS)
    day = int(digits[2:]) % 40
    if number[8] not in _IT_MONTHS or not _is_date(digits[:2], _IT_MONTHS.index(number[8]) + 1, day):
        return False
    values = [int(each) if each.isdigit() else ord(each) - ord("A") for each in number[:15]]
    return chr(ord("A") + (sum(_IT_ODD[each] for each in values[::2]) + sum(values[1::2])) % 26) == number[15]


def _nl_bsn(number: str) -> bool:
    return number[:2] != "00" and (weighted_sum(number[:8], range(9, 1, -1)) - int(number[8])) % 11 == 0


def _be_national(number: str) -> bool:
    return int(number[9:]) in {97 - int(century + number[:9]) % 97 for century in ("", "2")}


def _pl_pesel(number: str) -> bool:
    day = _is_date(number[:2], int(number[2:4]) % 20, int(number[4:6]))
    return day and weighted_sum(number, (1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1)) % 10 == 0


def _se_personal(number: str) -> bool:
    digits = number[-10:]
    return _is_date(digits[:2], int(digits[2:4]), int(digits[4:6]) % 60) and passes_luhn(digits)


def _no_birth(number: str) -> bool:
    day, month = int(number[:2]) % 40, int(number[2:4]) % 40
    first = weighted_sum(number, (3, 7, 6, 1, 8, 9, 4, 5, 2, 1))
    second = weighted_sum(number, (5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1))
    return _is_date(number[4:6], month, day) and first % 11 == second % 11 == 0


def _dk_cpr(number: str) -> bool:
    # Since 2007 numbers are given out whose check digit is wrong: the day is all that there is.
    return _is_date(number[4:6], int(number[2:4]), int(number[:2]))


def _fi_hetu(number: str) -> bool:
    digits = int(number[:6] + number[-4:-1])
    return _is_date(number[4:6], int(number[2:4]), int(number[:2])) and _FI_SIGNS[digits % 31] == number[-1]


def _pt_nif(number: str) -> bool:
    rest = weighted_sum(number[:8], range(9, 1, -1)) % 11
    return number[0] in "12356789" and (0 if rest < 2 else 11 - rest) == int(number[8])


def _ch_ahv(number: str) -> bool:
    return weighted_sum(number, (1, 3) * 6 + (1,)) % 10 == 0


def _at_insurance(number: str) -> bool:
    rest = weighted_sum(number, (3, 7, 9, 0, 5, 8, 4, 2, 1, 6)) % 11
    return rest == int(number[3]) and int(number[4:6]) <= 31 and 1 <= int(number[6:8]) <= 15


def _cz_birth(number: str) -> bool:
    return _is_date(number[:2], int(number[2:4]) % 50 % 20 or 20, int(number[4:6])) and int(number) % 11 == 0


def _ro_cnp(number: str) -> bool:
    rest = weighted_sum(number, (2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9)) % 11
    return _is_date(number[1:3], int(number[3:5]), int(number[5:7])) and rest % 10 + rest // 10 == int(number[12])


def _tr_identity(number: str) -> bool:
    digits = [int(each) for each in number]
    tenth = (7 * sum(digits[0:9:2]) - sum(digits[1:8:2])) % 10
    return number[0] != "0" and tenth == digits[9] and sum(digits[:10]) % 10 == digits[10]


def _ru_snils(number: str) -> bool:
    return weighted_sum(number[:9], range(9, 0, -1)) % 101 % 100 == int(number[9:])


def _ru_inn(number: str) -> bool:
    first = weighted_sum(number, (7, 2, 4, 10, 3, 5, 9, 4, 6, 8)) % 11 % 10
    second = weighted_sum(number, (3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8)) % 11 % 10
    return (first, second) == (int(number[10]), int(number[11]))


def _br_cpf(number: str) -> bool:
    checks = (weighted_sum(number[:end], range(end + 1, 1, -1)) * 10 % 11 % 10 for end in (9, 10))
    return len(set(number)) > 1 and "".join(map(str, checks)) == number[9:]


def _cl_rut(number: str) -> bool:
    total = weighted_sum(number[-2::-1], (2, 3, 4, 5, 6, 7, 2, 3))
    return _CL_SIGNS[11 - total % 11] == number[-1]


def _ar_cuil(number: str) -> bool:
    rest = 11 - weighted_sum(number, (5, 4, 3, 2, 7, 6, 5, 4, 3, 2)) % 11
    return number[:2] in {"20", "23", "24", "27"} and rest % 11 == int(number[10])


def _in_aadhaar(number: str) -> bool:
    return number[0] not in "01" and passes_verhoeff(number)


def _cn_resident(number: str) -> bool:
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return _is_date(number[6:10], int(number[10:12]), int(number[12:14])) and (
        _CN_SIGNS[weighted_sum(number[:17], weights) % 11] == number[17]
    )


def _kr_resident(number: str) -> bool:
    # Since October 2020 the last digits are drawn, without a check digit.
    return _is_date(number[:2], int(number[2:4]), int(number[4:6])) and number[6] in "12345678"


def _jp_my_number(number: str) -> bool:
    rest = weighted_sum(number[10::-1], (2, 3, 4, 5, 6, 7, 2, 3, 4, 5, 6)) % 11
    return (0 if rest < 2 else 11 - rest) == int(number[11])


def _sg_nric(number: str) -> bool:
    return _SG_LETTERS[number[0]][weighted_sum(number[1:8], (2, 7, 6, 5, 4, 3, 2)) % 11] == number[8]


def _za_identity(number: str) -> bool:
    return _is_date(number[:2], int(number[2:4]), int(number[4:6])) and number[10] in "012" and passes_luhn(number)


def _au_tax_file(number: str) -> bool:
    return weighted_sum(number, (1, 4, 3, 7, 5, 8, 6, 9, 10)) % 11 == 0


def _ca_sin(number: str) -> bool:
    return number[0] != "0" and passes_luhn(number)


_FORMS: Final[Mapping[str, tuple[str, Callable[[str], bool]]]] = MappingProxyType(
    {
        "ar_cuil": (r"\d{11}", _ar_cuil),
        "at_insurance": (r"\d{10}", _at_insurance),
        "au_tax_file": (r"\d{9}", _au_tax_file),
        "be_national": (r"\d{11}", _be_national),
        "br_cpf": (r"\d{11}", _br_cpf),
        "ca_sin": (r"\d{9}", _ca_sin),
        "ch_ahv": (r"756\d{10}", _ch_ahv),
        "cl_rut": (r"\d{7,8}[\dK]", _cl_rut),
        "cn_resident": (r"\d{17}[\dX]", _cn_resident),
        "cz_birth": (r"\d{10}", _cz_birth),
        "de_social_insurance": (r"\d{8}[A-Z]\d{3}", _de_social_insurance),
        "de_tax_id": (r"\d{11}", _de_tax_id),
        "dk_cpr": (r"\d{10}", _dk_cpr),
        "es_dni": (r"[XYZ\d]\d{7}[A-Z]", _es_dni),
        "fi_hetu": (r"\d{6}[+A-FU-Y-]?\d{3}[\dA-Y]", _fi_hetu),
        "fr_nir": (r"[12]\d{4}(?:\d\d|2[AB])\d{8}", _fr_nir),
        "in_aadhaar": (r"\d{12}", _in_aadhaar),
        "it_tax_code": (r"[A-Z]{6}[\dL-NP-V]{2}[A-Z][\dL-NP-V]{2}[A-Z][\dL-NP-V]{3}[A-Z]", _it_tax_code),
        "jp_my_number": (r"\d{12}", _jp_my_number),
        "kr_resident": (r"\d{13}", _kr_resident),
        "nl_bsn": (r"\d{9}", _nl_bsn),
        "no_birth": (r"\d{11}", _no_birth),
        "pl_pesel": (r"\d{11}", _pl_pesel),
        "pt_nif": (r"\d{9}", _pt_nif),
        "ro_cnp": (r"[1-8]\d{12}", _ro_cnp),
        "ru_inn": (r"\d{12}", _ru_inn),
        "ru_snils": (r"\d{11}", _ru_snils),
        "se_personal": (r"(?:19|20)?\d{10}", _se_personal),
        "sg_nric": (r"[STFG]\d{7}[A-Z]", _sg_nric),
        "tr_identity": (r"\d{11}", _tr_identity),
        "uk_nhs": (r"\d{10}", _uk_nhs),
        "uk_nino": (r"[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z]\d{6}[A-D]", _uk_nino),
        "us_ssn": (r"\d{9}", _us_ssn),
        "za_identity": (r"\d{13}", _za_identity),
    }
)
_SEPARATOR: Final = re.compile(r"[\s./-]")

NATIONAL_IDS: Final = frozenset(_FORMS)
"""The kinds of numbers, each by its country."""


def is_national_id(kind: str, text: str) -> bool:
    """Return whether a number, with or without separators, has the form and the check digits of its kind."""
    form, check = _FORMS[kind]
    number = _SEPARATOR.sub("", text.upper())
    return re.fullmatch(form, number, re.ASCII) is not None and check(number)
