"""Axes and their numbers."""

import pytest

from groundwire_server.cli.pages.scale import Scale, number


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (0.016, "0.0160"),
        (0.1649, "0.165"),
        (2.284, "2.28"),
        (9.996, "10.0"),
        (13.81, "13.8"),
        (6669.4, "6,670"),
    ],
)
def test_a_number_shows_three_digits_that_count(value: float, text: str) -> None:
    assert number(value) == text


@pytest.mark.parametrize(
    ("scale", "value", "pixel"),
    [
        (Scale(0, 10, 100, 0), 2.5, 75.0),
        (Scale(0, 10, 100, 0), 12.0, 0.0),
        (Scale(1, 100, 0, 200, logarithmic=True), 10.0, 100.0),
        (Scale(5, 5, 0, 100), 5.0, 50.0),
    ],
)
def test_a_value_s_place(scale: Scale, value: float, pixel: float) -> None:
    assert scale.at(value) == pixel


@pytest.mark.parametrize(
    ("scale", "ticks"),
    [
        (Scale(0, 10, 0, 1), [0, 2.5, 5, 7.5, 10]),
        (Scale(12, 17, 0, 1), [12, 14, 16]),
        (Scale(0.3, 30, 0, 1, logarithmic=True), [0.5, 1, 2, 5, 10, 20]),
        (Scale(5, 5, 0, 1), [5]),
    ],
)
def test_ticks_are_round_numbers(scale: Scale, ticks: list[float]) -> None:
    assert scale.ticks() == pytest.approx(ticks)
