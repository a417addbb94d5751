"""Follow-up questions are answered from the right passage, or not at all, by rules alone."""

import asyncio
from collections import Counter

from bench.conversations import Result, judge, read, run
from groundwire_server.domain.vocabulary import Cause

CONVERSATIONS = read()


def test_there_are_forty_and_twelve_of_them_ask_what_a_thing_costs() -> None:
    assert len(CONVERSATIONS.asked) == 40
    priced = [each for each in CONVERSATIONS.asked if each.question == "How much does it cost?" and each.passage]
    assert len({each.passage for each in priced}) == 12
    assert {each.passage for each in CONVERSATIONS.asked} - {""} <= set(CONVERSATIONS.passages)


def test_hardly_any_is_wrong_and_most_are_right() -> None:
    outcomes = asyncio.run(run(words=True))
    results = Counter(judge(outcome, each.passage) for each, outcome in zip(CONVERSATIONS.asked, outcomes, strict=True))
    assert results[Result.WRONG] <= 0.05 * 40
    assert results[Result.ALONE] + results[Result.FIRST] >= 0.75 * 40
    unclear = [each.question for each, outcome in zip(CONVERSATIONS.asked, outcomes, strict=True) if not each.passage]
    causes = [outcome.cause for outcome in outcomes if outcome.cause is Cause.QUESTION_UNCLEAR]
    assert len(causes) == len(unclear) > 0
