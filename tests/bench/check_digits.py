"""Check digits of invented numbers, written apart from any recogniser so that neither vouches for the other."""

import re
from collections.abc import Callable, Mapping
from typing import Final

# Characters of an IBAN, by country; the standard's registry.
_IBAN_LENGTHS: Final = {
    "AT": 20, "BE": 16, "BR": 29, "CH": 21, "CZ": 24, "DE": 22, "DK": 18, "EE": 20, "ES": 24, "FI": 18, "FR": 27,
    "GB": 22, "GR": 27, "HR": 21, "HU": 28, "IE": 22, "IT": 27, "LT": 20, "LU": 20, "NL": 18, "NO": 15, "PL": 28,
    "PT": 25, "RO": 24, "SA": 24, "SE": 24, "TR": 26,
}  # fmt: skip

_DNI_LETTERS: Final = "TRWAGMYFPDXBNJZSQVHLCKE"

# The values of the letters and digits at odd places (counted from one) of an Italian tax code.
_CODICE_FISCALE_ODD: Final = dict(
    zip(
        "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        [
            *(1, 0, 5, 7, 9, 13, 15, 17, 19, 21),
            *(1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23),
        ],
        strict=True,
    )
)

# Verhoeff's permutation; the multiplication of the dihedral group is computed.
_VERHOEFF_PERMUTATION: Final = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)


def luhn(text: str) -> bool:
    """Return whether the digits pass Luhn's check."""
    digits = [int(each) for each in reversed(compact(text))]
    doubled = (sum(divmod(2 * each, 10)) for each in digits[1::2])
    return (sum(digits[::2]) + sum(doubled)) % 10 == 0


def iban(text: str) -> bool:
    """Return whether an account number has its country's length and passes the check of ISO 7064, MOD 97-10."""
    value = compact(text)
    if _IBAN_LENGTHS.get(value[:2]) != len(value) or not 2 <= int(value[2:4]) <= 98:
        return False
    return int("".join(str(int(each, 36)) for each in value[4:] + value[:4])) % 97 == 1


def compact(text: str) -> str:
    """Return a number without its separators."""
    return re.sub(r"[\s./-]", "", text)


def _us_ssn(value: str) -> bool:
    return re.fullmatch(r"(?!000|666|9)\d{3}(?!00)\d{2}(?!0000)\d{4}", value) is not None


def _uk_nino(value: str) -> bool:
    return re.fullmatch(r"(?!BG|GB|KN|NK|NT|TN|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z]\d{6}[A-D]", value) is not None


def _de_steuer_id(value: str) -> bool:
    if re.fullmatch(r"[1-9]\d{10}", value) is None:
        return False
    repeated = [count for digit in set(value[:10]) if (count := value[:10].count(digit)) > 1]
    if len(repeated) != 1 or repeated[0] > 3:
        return False
    product = 10
    for digit in value[:10]:
        product = ((int(digit) + product) % 10 or 10) * 2 % 11
    return (11 - product) % 10 == int(value[10])


def _fr_nir(value: str) -> bool:
    if re.fullmatch(r"[12]\d{2}(0[1-9]|1[0-2])(\d{2}|2[AB])\d{8}", value) is None:
        return False
    return 97 - int(value[:13].replace("2A", "19").replace("2B", "18")) % 97 == int(value[13:])


def _es_dni(value: str) -> bool:
    if re.fullmatch(r"[XYZ\d]\d{7}[A-Z]", value) is None:
        return False
    return _DNI_LETTERS[int(value[:8].translate(str.maketrans("XYZ", "012"))) % 23] == value[8]


def _it_codice_fiscale(value: str) -> bool:
    if re.fullmatch(r"[A-Z]{6}\d{2}[ABCDEHLMPRST]\d{2}[A-Z]\d{3}[A-Z]", value) is None:
        return False
    odd = sum(_CODICE_FISCALE_ODD[each] for each in value[0:15:2])
    even = sum(int(each) if each.isdigit() else ord(each) - ord("A") for each in value[1:15:2])
    return (odd + even) % 26 == ord(value[15]) - ord("A")


def _nl_bsn(value: str) -> bool:
    weights = (9, 8, 7, 6, 5, 4, 3, 2, -1)
    return re.fullmatch(r"(?!00)\d{9}", value) is not None and not _weighted(value, weights) % 11


def _pl_pesel(value: str) -> bool:
    weights = (1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1)
    return re.fullmatch(r"\d{2}[02468][1-9]\d{7}|\d{2}[13579][0-2]\d{7}", value) is not None and not (
        _weighted(value, weights) % 10
    )


def _br_cpf(value: str) -> bool:
    if re.fullmatch(r"\d{11}", value) is None or len(set(value)) == 1:
        return False
    return all(_weighted(value[:end], range(end + 1, 1, -1)) * 10 % 11 % 10 == int(value[end]) for end in (9, 10))


def _in_aadhaar(value: str) -> bool:
    if re.fullmatch(r"[2-9]\d{11}", value) is None:
        return False
    check = 0
    for place, each in enumerate(reversed(value)):
        digit = int(each)
        for _ in range(place % 8):
            digit = _VERHOEFF_PERMUTATION[digit]
        check = _dihedral(check, digit)
    return check == 0


def _weighted(value: str, weights: tuple[int, ...] | range) -> int:
    return sum(int(digit) * weight for digit, weight in zip(value, weights, strict=True))


def _dihedral(left: int, right: int) -> int:
    """Return the product of two elements of the symmetries of a pentagon; 0 to 4 are its rotations."""
    rotation = left + right if left < 5 else left - right
    return rotation % 5 + (0 if (left < 5) == (right < 5) else 5)


NATIONAL_IDS: Final[Mapping[str, Callable[[str], bool]]] = {
    "us_ssn": _us_ssn,
    "uk_nino": _uk_nino,
    "de_steuer_id": _de_steuer_id,
    "fr_nir": _fr_nir,
    "es_dni": _es_dni,
    "it_codice_fiscale": _it_codice_fiscale,
    "nl_bsn": _nl_bsn,
    "pl_pesel": _pl_pesel,
    "br_cpf": _br_cpf,
    "in_aadhaar": _in_aadhaar,
}


def national_id(kind: str, text: str) -> bool:
    """Return whether a number is well formed and passes the check of its kind, where that kind has one."""
    return NATIONAL_IDS[kind](compact(text))
