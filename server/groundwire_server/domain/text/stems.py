"""Stemming, for comparing words only."""

from functools import lru_cache


@lru_cache(maxsize=16_384)
def stem(word: str) -> str:
    """Cut regular English endings, the same way for every form of a word."""
    if len(word) < 3:
        return word
    if word.endswith("s") and not word.endswith(("ss", "us", "is")):
        word = word[:-3] + "y" if word.endswith("ies") and len(word) > 4 else word[:-1]
    if word.endswith("eed"):
        word = word[:-1] if len(word) > 4 else word
    elif word.endswith("ied") and len(word) > 4:
        word = word[:-3] + "y"
    elif word.endswith("ed") and _has_vowel(word[:-2]):
        word = word[:-2]
    elif word.endswith("ing") and _has_vowel(word[:-3]):
        word = word[:-3]
    if len(word) > 2 and word.endswith("e"):
        word = word[:-1]
    if len(word) > 3 and word[-1] == word[-2] and word[-1].isalpha():
        word = word[:-1]
    if len(word) > 1 and word.endswith("y") and word[-2] not in "aeiou":
        word = word[:-1] + "i"
    return word


def _has_vowel(beginning: str) -> bool:
    return len(beginning) > 1 and any(letter in "aeiouy" for letter in beginning)
