"""Where labels go back to."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groundwire_server.domain.prompts.moves import LabelMove, earlier


def moved(*versions: str) -> list[LabelMove]:
    """The moves of a label that is set to one version after the other; `<` goes back."""
    moves: list[LabelMove] = []
    for version in versions:
        now = moves[-1].version if moves else ""
        to = earlier(moves) if version == "<" else version
        moves.append(LabelMove(to, now, rolled_back=version == "<"))
    return moves


@pytest.mark.parametrize(
    ("versions", "back"),
    [
        ("", ""),
        ("a", ""),
        ("a b", "a"),
        ("a b c", "b"),
        ("a b c <", "a"),
        ("a b c < <", ""),
        ("a b <", ""),
        # What was left is passed over, however often it was in force before.
        ("a b a b <", ""),
        ("z a b a b <", "z"),
        ("a b a b", "a"),
        ("a b c b c <", "a"),
        # Until it is set again on purpose.
        ("a b < b", "a"),
        ("a b < b c", "b"),
        ("a b < c", "a"),
        ("a b c < d <", "a"),
        ("a b c < d < c", "b"),
    ],
)
def test_going_back_goes_further_and_never_to_what_was_left(versions: str, back: str) -> None:
    assert earlier(moved(*versions.split())) == back


def test_what_was_in_force_before_the_first_move_is_gone_back_to() -> None:
    assert earlier([LabelMove("b", "a")]) == "a"
    assert earlier([LabelMove("b", "a"), LabelMove("c", "b"), LabelMove("b", "c", rolled_back=True)]) == "a"


def test_what_was_set_by_other_means_between_moves_counts() -> None:
    assert earlier([LabelMove("b", "a"), LabelMove("d", "c")]) == "c"
    assert earlier([LabelMove("b", "a"), LabelMove("c", "b"), LabelMove("a", "d", rolled_back=True)]) == ""


@given(st.lists(st.sampled_from("abcd<"), max_size=12))
def test_who_only_goes_back_comes_to_an_end_and_passes_no_version_twice(versions: list[str]) -> None:
    moves: list[LabelMove] = []
    for version in versions:
        now = moves[-1].version if moves else ""
        if version == "<" and (to := earlier(moves)):
            moves.append(LabelMove(to, now, rolled_back=True))
        elif version not in {"<", now}:
            moves.append(LabelMove(version, now))
    passed = [moves[-1].version] if moves else []
    while to := earlier(moves):
        assert to not in passed
        passed.append(to)
        moves.append(LabelMove(to, moves[-1].version, rolled_back=True))
