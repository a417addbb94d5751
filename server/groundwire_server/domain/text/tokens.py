"""Estimates of token counts, fitted for families of tokenizers."""

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Final

from groundwire_server.domain.text.scripts import FEATURES, scripts_in

BYTES_PER_TOKEN = 4
"""UTF-8 bytes to a token, where the size of a request alone matters. It counts other scripts than Latin high."""

COMMON: Final = "common"
"""The family of a model that is of none: between the others."""

_SCRIPTS: Final[Mapping[str, tuple[str, ...]]] = {
    "latin": ("english", "latin"),
    "greek": ("greek",),
    "cyrillic": ("cyrillic",),
    "hebrew": ("hebrew",),
    "arabic": ("arabic",),
    "devanagari": ("devanagari",),
    "thai": ("thai",),
    "han": ("han",),
    "kana": ("kana",),
    "hangul": ("hangul",),
}
"""Scripts that estimates are calibrated for, each with the beginnings of its features."""

SCRIPTS: Final = tuple(_SCRIPTS)


@dataclass(frozen=True, slots=True)
class TokenEstimate:
    """A TokenCounter that needs no vocabulary.

    Attributes:
        name: says of which family it is.
        exact: never.
    """

    name: str
    _rates: Mapping[str, float] = field(repr=False, hash=False)
    exact: bool = False

    def count(self, text: str) -> int:
        """Return the estimated number of tokens of a text."""
        rates = self._rates
        tokens: float = sum([rates[feature] * much for feature, much in scripts_in(text).items()])
        return math.ceil(tokens)

    def calibrated(self, factors: Mapping[str, float]) -> "TokenEstimate":
        """Return the estimate with the tokens of some of `SCRIPTS` multiplied by a factor."""
        by_feature = {
            feature: factor
            for script, factor in factors.items()
            for feature in FEATURES
            if feature.partition("_")[0] in _SCRIPTS[script]
        }
        rates = {name: rate * by_feature.get(name, 1.0) for name, rate in self._rates.items()}
        return TokenEstimate(f"{self.name}, calibrated" if by_feature else self.name, rates)


def _read() -> Mapping[str, TokenEstimate]:
    text = files("groundwire_server.domain.text").joinpath("token_rates.toml").read_text(encoding="utf-8")
    return {
        family: TokenEstimate(f"estimate:{family}", {name: float(rates.get(name, 0.0)) for name in FEATURES})
        for family, rates in tomllib.loads(text).items()
    }


ESTIMATES: Final = _read()
"""By family."""

ESTIMATE: Final = ESTIMATES[COMMON]
"""Of a model that nothing is known about."""

_FAMILIES: Final = (
    ("gpt-3.5", "cl100k"),
    ("gpt-4o", "o200k"),
    ("gpt-4.", "o200k"),
    ("gpt-4", "cl100k"),
    ("gpt-", "o200k"),
    ("o1", "o200k"),
    ("o3", "o200k"),
    ("o4", "o200k"),
    ("claude", "claude"),
    ("gemini", "gemma"),
    ("gemma", "gemma"),
    ("qwen", "qwen"),
    ("qwq", "qwen"),
    ("deepseek", "deepseek"),
    ("llama-3", "llama3"),
    ("llama-4", "llama3"),
    ("llama3", "llama3"),
    ("llama4", "llama3"),
)
"""How names of models begin, each with the family; the first that fits decides."""


def family_of(model: str) -> str:
    """Return the family of a model by its provider's name for it, such as `o200k` for `gpt-5`; COMMON for no other."""
    name = model.lower().rpartition("/")[2].removeprefix("meta-")
    return next((family for beginning, family in _FAMILIES if name.startswith(beginning)), COMMON)


def estimate_tokens(text: str) -> int:
    """Estimate how many tokens a model sees of which nothing is known."""
    return ESTIMATE.count(text)
