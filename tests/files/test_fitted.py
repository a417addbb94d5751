import math
from importlib import resources
from pathlib import Path

import pytest

from groundwire_server.files.fitted import Fitted, LogisticModel, read_fitted

TEXT = """
[fitted]
command = "python -m bench"
[one]
bias = -1.0
length = 2.0
[other]
bias = 0.5
width = -1.5
[thresholds]
enough = 0.25
"""


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("groundwire_server.files.fitted.files", lambda package: tmp_path / package)
    (tmp_path / "package").mkdir()
    return tmp_path / "package" / "made.toml"


def read(file: Path, text: str, *features: str) -> Fitted:
    file.write_text(text, encoding="utf-8")
    return read_fitted("package", file.name, features)


def test_a_model_has_its_weights_in_the_order_of_the_features(written: Path) -> None:
    found = read(written, TEXT, "width", "length")
    assert found.models == {"one": LogisticModel(-1.0, (0.0, 2.0)), "other": LogisticModel(0.5, (-1.5, 0.0))}
    assert found.thresholds == {"enough": 0.25}


def test_another_text_has_another_digest(written: Path) -> None:
    assert read(written, TEXT, "width", "length").digest != read(written, f"{TEXT}\n", "width", "length").digest


def test_a_weight_of_what_is_not_computed_is_refused(written: Path) -> None:
    with pytest.raises(ValueError, match=r"made\.toml: other weighs width, which no code computes"):
        read(written, TEXT, "length")


@pytest.mark.parametrize(("features", "odds"), [((0.0, 0.0), -1.0), ((3.0, 0.5), 0.0), ((0.0, 1.0), 1.0)])
def test_the_odds_add_up(features: tuple[float, float], odds: float) -> None:
    assert LogisticModel(-1.0, (0.0, 2.0)).probability(features) == pytest.approx(1 / (1 + math.exp(-odds)))


@pytest.mark.parametrize(("bias", "expected"), [(1e9, 1.0), (-1e9, 0.0)])
def test_a_probability_stays_within_0_and_1(bias: float, expected: float) -> None:
    assert LogisticModel(bias, ()).probability(()) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("package", "name"),
    [
        ("groundwire_server.pipeline", "relevance.toml"),
        ("groundwire_server.pipeline", "confidence.toml"),
        ("groundwire_server.adapters.generator", "quoting.toml"),
    ],
)
def test_what_ships_says_how_it_was_made(package: str, name: str) -> None:
    text = (resources.files(package) / name).read_text(encoding="utf-8")
    assert f'command = "python -m bench.fitting.{name.removesuffix(".toml")}"' in text
    assert "data_sha256" in text
    assert "split_seed" in text
