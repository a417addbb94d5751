"""JSON that is no Document of the contract."""

import pytest

from groundwire_server.cli.files.readers.json_text import read


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ('{"price": 12.50, "far": 1e999, "whole": -0}', "- price: 12.50\n- far: 1e999\n- whole: -0\n"),
        (f'{{"long": {"9" * 5000}}}', f"- long: {'9' * 5000}\n"),
        ("[1.10, 2]", "- 1.10\n- 2\n"),
        ('{"open": true, "says": "1.0"}', "- open: true\n- says: 1.0\n"),
    ],
)
def test_values_are_as_they_are_written(source: str, text: str) -> None:
    assert read(source.encode(), "a.json").text == text


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_file_of_one_value_a_line_is_the_list_of_them(end: str) -> None:
    lines = end.join(['{"part": "Pump", "bar": 40}', "", '{"part": "Valve", "bar": 12.50}', ""])
    assert (
        read(lines.encode(), "a.json").text
        == read(b'[{"part": "Pump", "bar": 40}, {"part": "Valve", "bar": 12.50}]', "b.json").text
    )
