"""What stands in for the model behind a vectorizer module.

Tests of search need vectors of which they know how far they are apart. A text carries its vector in characters that no
reader sees and no keyword index counts; a text without has one made of its words.
"""

import re
import zlib

import numpy as np

from groundwire_server.domain.text.words import content_words
from groundwire_server.domain.vector import Vector
from tests.doubles.weaviate.memory import Array

_TAGS = 0xE0000
_MARK = re.compile("[\U000e0030-\U000e0066]+")


def marked(text: str, vector: Vector | None) -> str:
    """The text with its vector."""
    return text if vector is None else text + "".join(chr(_TAGS + ord(each)) for each in vector.tobytes().hex())


def plain(text: str) -> str:
    """The text without."""
    return _MARK.sub("", text)


def vectorized(text: str, dimensions: int) -> Array:
    """The vector of a text."""
    found = _MARK.search(text)
    if found is not None:
        packed = bytes.fromhex("".join(chr(ord(each) - _TAGS) for each in found[0]))
        return np.frombuffer(packed, "<f4").astype(np.float32)
    bag = np.zeros(dimensions, np.float32)
    for word in content_words(text):
        bag[zlib.crc32(word.encode("utf-8", "surrogatepass")) % dimensions] += 1
    bag[0] += np.float32(0.01)
    return bag
