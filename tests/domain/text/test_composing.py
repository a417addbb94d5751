"""One form for texts that look alike."""

import unicodedata

import pytest

from groundwire_server.domain.text.composing import nfc
from tests.timed import least_time


@pytest.mark.parametrize("piece", ["\u0301\u0316", "a\u0301\u0316", "\U0001d165\U0001d16d\u0316", "\u0344\u0316", "—"])
def test_composing_takes_time_in_proportion_to_the_length(piece: str) -> None:
    def took(size: int, enough: float = 0.0) -> float:
        return least_time(lambda: nfc(f"e{piece * (size // len(piece))}"), enough)

    bound = 40 * took(2_500) + 0.05
    assert took(40_000, bound) < bound


@pytest.mark.parametrize("text", ["", "naïve", "e\u0301\u0316", "e" + "\u0316\u0301" * 15, "—" * 40, "हिन्दी " * 9])
def test_composing_is_nfc_and_leaves_out_what_no_script_needs(text: str) -> None:
    composed = unicodedata.normalize("NFC", text)
    assert nfc(text) == nfc(unicodedata.normalize("NFD", text)) == composed
    assert nfc(text + "e" + "\u0316\u0301" * 40) == unicodedata.normalize("NFC", text + "e" + "\u0316\u0301" * 15)
