from groundwire_server.domain.event import Event, Numbering, Retraction, TextDelta
from groundwire_server.domain.vocabulary import Assurance, Cause


def _delta(text: str) -> Event:
    return TextDelta(text, Assurance.PROVISIONAL)


def test_events_are_numbered_from_1() -> None:
    numbering = Numbering()
    assert [numbering.next(_delta(text)).sequence for text in "abc"] == [1, 2, 3]


def test_a_retraction_knows_what_it_takes_back() -> None:
    numbering = Numbering()
    events = (_delta("a"), _delta("b"), Retraction(Cause.UNSUPPORTED), _delta("c"), Retraction(Cause.UNSUPPORTED))
    numbered = [numbering.next(event) for event in events]
    assert [each.first_retracted for each in numbered if isinstance(each.event, Retraction)] == [1, 4]


def test_a_retraction_may_keep_the_first_of_what_counts() -> None:
    numbering = Numbering()
    events = (
        _delta("a"),
        _delta("b"),
        _delta("c"),
        Retraction(Cause.UNSUPPORTED, kept=1),
        _delta("d"),
        Retraction(Cause.UNSUPPORTED, kept=1),
        Retraction(Cause.UNSUPPORTED),
    )
    numbered = [numbering.next(event) for event in events]
    assert [each.first_retracted for each in numbered if isinstance(each.event, Retraction)] == [2, 5, 1]
