"""Patterns of RE2: what they find, and what they refuse."""

import pytest

from groundwire_server.adapters.guards.linear_patterns import (
    FilteredPatterns,
    LinearPatterns,
    PatternError,
    check_pattern,
)

PATTERNS = LinearPatterns({"code": r"\bPROJECT-[A-Z]{3}\b", "door": r"(?i)back ?door", "umlaut": "ä+"})


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", []),
        ("Nothing.", []),
        ("PROJECT-ABC and PROJECT-XYZ", [("code", 0, 11), ("code", 16, 27)]),
        ("Über: the Backdoor of PROJECT-ABC", [("code", 22, 33), ("door", 10, 18)]),
        ("💡 ää ä", [("umlaut", 2, 4), ("umlaut", 5, 6)]),
    ],
)
def test_every_stretch_is_found_by_its_code_points(text: str, found: list[tuple[str, int, int]]) -> None:
    assert sorted(PATTERNS.find(text)) == sorted(found)
    assert set(PATTERNS.names_in(text)) == {name for name, _, _ in found}


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        (r"(a)\1", "invalid escape"),
        ("(?<=a)b", "invalid perl operator"),
        ("(", "missing"),
        ("a{1,5000}", "repetition"),
        (r"a\\\C", "bytes"),
    ],
)
def test_what_cannot_be_run_in_linear_time_is_refused(
    pattern: str, reason: str, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(PatternError, match=reason):
        check_pattern(pattern)
    with pytest.raises(PatternError, match=f"mine: .*{reason}"):
        LinearPatterns({"mine": pattern})
    assert not capfd.readouterr().err, "RE2 itself says nothing"


def test_a_pattern_that_is_slow_elsewhere_takes_a_long_text() -> None:
    assert not list(LinearPatterns({"slow": "(a+)+$x"}).find("a" * 100_000))


def test_a_backslash_before_a_letter_is_no_byte() -> None:
    assert list(LinearPatterns({"drive": r"\\C"}).find("ü \\C")) == [("drive", 2, 4)]


def test_long_patterns_are_found_by_their_code_points() -> None:
    patterns = FilteredPatterns({"pump": r"pump(?: \w+){0,4} red", "valve": r"valve|tür"})
    text = "ä the pump that we have is red, and the valve by the tür"
    assert sorted(patterns.find(text)) == [("pump", 6, 30), ("valve", 40, 45), ("valve", 53, 56)]
    assert not list(patterns.find("red pump"))
    assert not list(patterns.find(""))


def test_a_long_pattern_that_cannot_be_run_is_refused(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(PatternError, match=r"mine: .*invalid escape"):
        FilteredPatterns({"good": "a", "mine": r"(a)\1"})
    assert not capfd.readouterr().err, "RE2 itself says nothing"


def test_no_long_patterns_find_nothing() -> None:
    assert not list(FilteredPatterns({}).find("text"))


def test_a_group_of_that_name_is_what_is_found() -> None:
    patterns = LinearPatterns({"named": r"(\w+)=(?P<found>\d+)", "whole": r"(\w+):\d+"})
    assert sorted(patterns.find("ä a=1 b:2 c=34")) == [("named", 4, 5), ("named", 12, 14), ("whole", 6, 9)]
