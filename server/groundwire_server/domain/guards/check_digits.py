"""Check digits: what tells a number that was given out from one that only looks like it."""

from collections.abc import Iterable
from typing import Final

_VERHOEFF_PERMUTED: Final = tuple(
    tuple(int(digit) for digit in row)
    for row in (
        "0123456789",
        "1576283094",
        "5803796142",
        "8916043527",
        "9453126870",
        "4286573901",
        "2793806415",
        "7046913258",
    )
)
_VERHOEFF_PRODUCTS: Final = tuple(
    tuple(int(digit) for digit in row)
    for row in (
        *("0123456789", "1234067895", "2340178956", "3401289567", "4012395678"),
        *("5987604321", "6598710432", "7659821043", "8765932104", "9876543210"),
    )
)


def passes_luhn(digits: str) -> bool:
    """Return whether the last digit is that of Luhn's algorithm, as on payment cards."""
    doubled = (2 * int(each) for each in digits[-2::-2])
    return (sum(map(int, digits[::-2])) + sum(each - 9 if each > 9 else each for each in doubled)) % 10 == 0


def passes_mod_97(characters: str) -> bool:
    """Return whether letters and digits leave 1 by ISO 7064 MOD 97-10, letters counting from 10 for A."""
    return int("".join(str(int(each, 36)) for each in characters)) % 97 == 1


def passes_mod_11_10(digits: str) -> bool:
    """Return whether the last digit is that of ISO 7064 MOD 11,10."""
    product = 10
    for digit in digits[:-1]:
        product = ((int(digit) + product) % 10 or 10) * 2 % 11
    return (product + int(digits[-1])) % 10 == 1


def passes_verhoeff(digits: str) -> bool:
    """Return whether the last digit is that of Verhoeff's algorithm."""
    check = 0
    for place, digit in enumerate(reversed(digits)):
        check = _VERHOEFF_PRODUCTS[check][_VERHOEFF_PERMUTED[place % 8][int(digit)]]
    return check == 0


def weighted_sum(digits: str, weights: Iterable[int]) -> int:
    """Return the sum of the digits by their weights; of as many as there are weights."""
    return sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=False))
