"""Reading reviews: by the reviewer's rights, noted in the audit trail, and blind where it is a sample."""

from dataclasses import replace

import pytest

from groundwire_server.domain.review import ReviewKind, ReviewState
from groundwire_server.domain.vocabulary import Cause, Verdict
from tests.doubles.cases import HOURS, answered_case, grounded
from tests.review.office import BY, OTTO, RITA, TICKET, Office

WEAK = answered_case(draft=grounded("It opens at six.", "It closes at ten.", verdict=Verdict.UNSUPPORTED))


async def test_a_reviewer_sees_draft_evidence_and_what_is_below_the_minimum() -> None:
    office = Office()
    await office.open(case=replace(WEAK, complete=False))
    shown = await office.reading.shown(RITA, TICKET, BY)
    assert (shown.question, shown.proposed, shown.passages) == (WEAK.question, WEAK.draft, (HOURS,))
    assert (shown.below_minimum, shown.complete, shown.decided, shown.withheld) == ((0, 1), False, None, ())


async def test_who_has_read_it_and_how_much_was_withheld_is_in_the_trail_once() -> None:
    office = Office()
    office.shelf.secret = frozenset({HOURS.chunk_id})
    await office.open()
    shown = [await office.reading.shown(each, TICKET, BY) for each in (RITA, RITA, OTTO)]
    assert {each.withheld for each in shown} == {(1,)}
    read = [each for each in office.records.trail.entries["acme"] if each.event == "review.read"]
    assert [(each.actor, each.details) for each in read] == [("rita", {"withheld": "1"}), ("otto", {"withheld": "1"})]


async def test_what_is_withheld_stands_in_no_text() -> None:
    office = Office()
    office.shelf.secret = frozenset({HOURS.chunk_id})
    await office.open()
    shown = await office.reading.shown(RITA, TICKET, BY)
    assert shown.proposed is not None
    assert [each.passage.chunk_id for each in shown.proposed.citations] == ["withheld-1"]
    assert HOURS.text not in repr((shown.proposed, shown.passages))


@pytest.mark.parametrize("verdict", list(Verdict))
async def test_a_blind_sample_shows_the_same_whatever_its_verdicts_are(verdict: Verdict) -> None:
    office = Office()
    text = grounded("It opens at six.", verdict=verdict)
    await office.open(kind=ReviewKind.SAMPLE, case=answered_case(draft=text), cause=Cause.UNSUPPORTED)
    shown = await office.reading.shown(RITA, TICKET, BY)
    other = Office()
    await other.open(kind=ReviewKind.SAMPLE, case=answered_case(), cause=Cause.UNSUPPORTED)
    same = await other.reading.shown(RITA, TICKET, BY)
    assert shown.review.blind
    assert replace(shown, review=same.review) == same
    assert (shown.below_minimum, shown.passages) == ((), (HOURS,))


async def test_a_text_that_is_validated_for_a_sample_says_nothing_either() -> None:
    office = Office()
    await office.claimed(kind=ReviewKind.SAMPLE)
    office.texts.verdict = Verdict.UNSUPPORTED
    shown = await office.edit("It opens at six.", validate_only=True)
    assert shown.decided is not None
    assert (shown.decided.citations, shown.below_minimum) == ((), ())
    assert {each.support for each in shown.decided.sentences} == {0.0}


async def test_once_it_is_decided_a_sample_shows_its_verdicts() -> None:
    office = Office()
    await office.claimed(kind=ReviewKind.SAMPLE, case=WEAK)
    shown = await office.reject()
    assert (shown.review.state, shown.proposed) == (ReviewState.REJECTED, WEAK.draft)
    assert shown.below_minimum == (0, 1)


async def test_a_review_whose_texts_were_erased_shows_none() -> None:
    office = Office()
    await office.open()
    office.records.withdraw("acme", TICKET)
    shown = await office.reading.shown(RITA, TICKET, BY)
    assert (shown.review.state, shown.question, shown.proposed) == (ReviewState.WITHDRAWN, None, None)


async def test_an_approved_block_lets_nothing_leave() -> None:
    office = Office()
    await office.claimed(kind=ReviewKind.BLOCK)
    assert (await office.approve()).decided is None
