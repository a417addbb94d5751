"""Folding: what spellings of one word have in common."""

import unicodedata


def fold(text: str) -> str:
    """Return a text case folded, in compatibility form and without accents."""
    folded = text.casefold()
    if folded.isascii():
        return folded
    decomposed = unicodedata.normalize("NFKD", folded)
    return "".join(character for character in decomposed if not unicodedata.combining(character)).casefold()
