"""Fit the rates of token estimates to true tokenizers.

Texts come as a JSON list of objects with `text` and `weight`, tokenizers as `tokenizer.json`, one for each family:

    python -m bench.fitting.tokens texts.json o200k=gpt-4o/tokenizer.json qwen=qwen3/tokenizer.json

None of the texts of `tests/domain/text/token_counts.json` may be among them: by those the estimates are judged.
"""

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import Ridge
from tokenizers import Tokenizer

from groundwire_server.domain.text import tokens
from groundwire_server.domain.text.scripts import FEATURES, script_counts
from groundwire_server.domain.text.tokens import COMMON

RATES: Final = Path(tokens.__file__).with_name("token_rates.toml")
ALPHA: Final = 0.0025
"""Keeps rates small that hardly any text decides."""

MODERN: Final = ("o200k", "llama3", "gemma", "qwen", "deepseek")
"""The families whose mean is the common one."""

LEAST: Final = 0.00005

HEADER: Final = """\
# Tokens for one of each feature of a text (domain/text/scripts.py), by family of tokenizers; `common` is the mean of
# o200k, llama3, gemma, qwen and deepseek. Fitted by `python -m bench.fitting.tokens`: least squares of the relative
# error, no rate below 0, on the Universal Declaration of Human Rights in 38 languages, on rules and manuals of an
# office in 12 of them, and on code. `claude` is of the vocabulary of Claude 2, the last that was published.
"""

Floats = npt.NDArray[np.float64]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("texts", type=Path)
    parser.add_argument("tokenizers", nargs="+", metavar="FAMILY=FILE")
    arguments = parser.parse_args()
    items = json.loads(arguments.texts.read_text(encoding="utf-8"))
    texts, weights = [str(each["text"]) for each in items], np.array([float(each["weight"]) for each in items])
    files = dict(each.split("=", 1) for each in arguments.tokenizers)
    counts = {family: _counts(Path(file), texts) for family, file in files.items()}
    if set(MODERN) <= counts.keys():
        counts[COMMON] = np.mean([counts[family] for family in MODERN], axis=0)
    features = np.array([script_counts(text) for text in texts])
    RATES.write_text(
        _toml({each: fitted(features, counts[each], weights) for each in sorted(counts)}), encoding="utf-8"
    )


def fitted(features: Floats, counts: Floats, weights: Floats) -> Floats:
    """Return the rate of each feature: least squares of the error relative to the true count."""
    scale = np.sqrt(weights) / counts
    model = Ridge(alpha=ALPHA, fit_intercept=False, positive=True)
    model.fit(features * scale[:, None], counts * scale)
    return np.asarray(model.coef_, np.float64)


def _counts(file: Path, texts: Sequence[str]) -> Floats:
    tokenizer = Tokenizer.from_file(str(file))
    return np.array([len(each.ids) for each in tokenizer.encode_batch(list(texts), add_special_tokens=False)], float)


def _toml(rates: Mapping[str, Floats]) -> str:
    parts = [HEADER]
    for family, values in rates.items():
        lines = [f"{name} = {value:.4f}" for name, value in zip(FEATURES, values, strict=True) if value >= LEAST]
        parts.append(f"\n[{family}]\n" + "\n".join(lines) + "\n")
    return "".join(parts)


if __name__ == "__main__":
    main()
