"""YAML that cannot be read, or must not be."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from groundwire_server.app.configuration import yaml_file
from groundwire_server.app.configuration.errors import InvalidConfigurationError

DEEP = "is nested over 32 levels deep: is it another file?"
MERGE = "merge keys are not supported: write the values out"
CHARACTER = "holds a character that is not valid in text: remove it"
ANCHOR = "anchors and aliases are not supported: write the value out"


def told(text: str) -> list[str]:
    with pytest.raises(InvalidConfigurationError) as invalid:
        yaml_file.parse(text, "g.yaml")
    return [str(error) for error in invalid.value.errors]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        pytest.param("- a\n", "g.yaml:1: must hold `key: value` lines, such as `server:`", id="list"),
        pytest.param("server\n", "g.yaml:1: must hold `key: value` lines, such as `server:`", id="word"),
        pytest.param(
            "server:\n  listen: [1\n",
            "g.yaml:3: this is not YAML: expected ',' or ']', but got '<stream end>'",
            id="broken",
        ),
        pytest.param("a: b: c\n", "g.yaml:1: this is not YAML: mapping values are not allowed here", id="colons"),
        pytest.param("a: 'b\n", "g.yaml:2: this is not YAML: found unexpected end of stream", id="open-quote"),
        pytest.param("a:\n\tb: 1\n", "g.yaml:2: this is not YAML: found character '\\t' that cannot start any token"),
        pytest.param("a: 1\n---\nb: 2\n", "g.yaml:2: this is not YAML: but found another document", id="two-documents"),
        pytest.param("a: 1\nb: \x00\n", "g.yaml:2: holds a control character: remove it", id="nul"),
        pytest.param("a: 1\nb: \x1b[0m\n", "g.yaml:2: holds a control character: remove it", id="escape"),
        pytest.param('a: "\\0"\n', f"g.yaml:1: a: {CHARACTER}", id="escaped-nul"),
        pytest.param('a: "\\ud800"\n', f"g.yaml:1: a: {CHARACTER}", id="surrogate"),
        pytest.param("a: &all {b: 1}\nc: *all\n", f"g.yaml:1: {ANCHOR}", id="anchor"),
        pytest.param("a: *none\n", f"g.yaml:1: {ANCHOR}", id="alias-of-nothing"),
        pytest.param("a: &a [*a]\n", f"g.yaml:1: {ANCHOR}", id="alias-of-itself"),
        pytest.param("a:\n  <<: {}\n", f"g.yaml:2: a.<<: {MERGE}", id="merge"),
        pytest.param("a: " + "[" * 40 + "]" * 40, f"g.yaml:1: {DEEP}", id="deep"),
        pytest.param("a: " + "[" * 50_000, f"g.yaml: {DEEP}", id="deeper-than-can-be-read"),
        pytest.param(
            "a: !!python/object/apply:os.system [true]\n",
            "g.yaml:1: a: the tag python/object/apply:os.system is not supported: write a plain value",
            id="tag-of-python",
        ),
        pytest.param("a: !mine x\n", "g.yaml:1: a: the tag !mine is not supported: write a plain value", id="tag"),
        pytest.param("? [1, 2]\n: 3\n", "g.yaml:1: a key must be a word", id="key"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_one_line_with_its_place(text: str, line: str) -> None:
    assert told(text) == [line]


def test_every_key_that_is_written_twice_is_named_with_both_lines() -> None:
    assert told("a: 1\nb: 2\na: 3\nc:\n  d: 1\n  d: 2\n") == [
        "g.yaml:3: a: is given twice, first in line 1",
        "g.yaml:6: c.d: is given twice, first in line 5",
    ]


def test_two_routes_of_one_name_are_named() -> None:
    text = "routes:\n  faq: {store: main}\n  default: {}\n  faq: {store: other}\n"
    assert told(text) == ["g.yaml:4: routes.faq: is given twice, first in line 2"]


def test_a_tower_of_aliases_is_refused_before_it_is_built() -> None:
    lines = ["a0: &a0 [x]", *(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 30))]
    assert told("\n".join(lines)) == [f"g.yaml:1: {ANCHOR}"]


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("true", True),
        ("False", False),
        ("yes", "yes"),
        ("no", "no"),
        ("on", "on"),
        ("'true'", "true"),
        ("12", 12),
        ("-3", -3),
        ("0x1F", 31),
        ("0o17", 15),
        ("010", 10),
        ("1_000", "1_000"),
        ("1:30", "1:30"),
        ("1.5", 1.5),
        ("1e3", 1000.0),
        ("-.inf", float("-inf")),
        ("'12'", "12"),
        ("9" * 5000, float("inf")),
        ("2026-02-30", "2026-02-30"),
        ("2026-02-28", "2026-02-28"),
        ("2026-02-28T10:00:00Z", "2026-02-28T10:00:00Z"),
        ("1.0.0", "1.0.0"),
        ("~", None),
        ("null", None),
        ("", None),
        ("''", ""),
        ("=", "="),
        ("[1, two]", [1, "two"]),
    ],
)
def test_a_word_means_what_it_looks_like(written: str, value: object) -> None:
    read = yaml_file.parse(f"key: {written}\n", "g.yaml").values
    assert read == {"key": value}
    assert type(read["key"]) is type(value)


def test_keys_stay_words() -> None:
    text = "on: 1\nno: 1\n1: 1\nnull: 1\n2026-01-01: 1\n"
    assert list(yaml_file.parse(text, "g.yaml").values) == ["on", "no", "1", "null", "2026-01-01"]


@pytest.mark.parametrize("text", ["", "\n", "# nothing yet\n", "---\n", "~\n"])
def test_an_empty_file_sets_nothing(text: str) -> None:
    read = yaml_file.parse(text, "g.yaml")
    assert (read.values, read.lines) == ({}, {})


def test_every_key_and_item_has_a_line_and_what_has_none_that_of_what_is_around_it() -> None:
    read = yaml_file.parse("a:\n  b: [x,\n    y]\nc: 1\n", "g.yaml")
    assert read.lines == {("a",): 1, ("a", "b"): 2, ("a", "b", 0): 2, ("a", "b", 1): 3, ("c",): 4}
    assert read.origin(("a", "b", 1)) == "g.yaml:3"
    assert read.origin(("a", "b", 7)) == "g.yaml:2"
    assert read.origin(("none",)) == "g.yaml"


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"\xef\xbb\xbfserver: {}\na: 1\n", id="byte-order-mark"),
        pytest.param(b"server: {}\r\na: 1\r\n", id="crlf"),
        pytest.param(b"server: {}\ra: 1\r", id="cr"),
        pytest.param(b"server: {}\na: 1", id="no-last-line-end"),
    ],
)
def test_a_file_of_another_editor_is_read(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "g.yaml"
    path.write_bytes(data)
    read = yaml_file.read(path)
    assert read.values == {"server": {}, "a": 1}
    assert read.origin(("a",)) == f"{path}:2"


def _folder(path: Path) -> None:
    path.mkdir()


def _pipe(path: Path) -> None:
    os.mkfifo(path)


def _loop(path: Path) -> None:
    path.symlink_to(path)


def _long(path: Path) -> None:
    path.write_bytes(b"#" * (yaml_file.SIZE_LIMIT + 1))


def _latin_1(path: Path) -> None:
    path.write_bytes(b"a: 1\nb: caf\xe9\n")


def _utf_16(path: Path) -> None:
    path.write_text("a: 1\n", encoding="utf-16")


def _absent(path: Path) -> None:
    """Is not there."""


@pytest.mark.parametrize(
    ("put", "line"),
    [
        (_folder, "is a folder: name the file in it"),
        (_pipe, "is a pipe or a device: name a file"),
        (_loop, "cannot be read: Too many levels of symbolic links"),
        (_absent, "cannot be read: No such file or directory; `groundwire config init` writes one to begin with"),
        (_long, "is larger than 256 KiB: is it the right file?"),
        (_latin_1, "is not UTF-8 in line 2: save it as UTF-8"),
        (_utf_16, "is not UTF-8 in line 1: save it as UTF-8"),
    ],
)
def test_what_is_no_file_that_can_be_read_is_one_line(tmp_path: Path, put: Callable[[Path], None], line: str) -> None:
    path = tmp_path / "g.yaml"
    put(path)
    with pytest.raises(InvalidConfigurationError) as invalid:
        yaml_file.read(path)
    assert str(invalid.value) == f"{path}: {line}"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "g.yaml"
    path.touch(mode=0o000)
    with pytest.raises(InvalidConfigurationError, match="cannot be read: Permission denied"):
        yaml_file.read(path)


def test_the_largest_file_is_read_in_time(tmp_path: Path) -> None:
    path = tmp_path / "g.yaml"
    path.write_text("".join(f"k{number}: [{number}]\n" for number in range(15_000)))
    assert path.stat().st_size < yaml_file.SIZE_LIMIT
    assert len(yaml_file.read(path).values) == 15_000
