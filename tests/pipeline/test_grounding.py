"""A text of the caller's own, checked over doubles in virtual time."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from groundwire_server.adapters.prompts.catalogue import built_in_prompts
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.evidence import Evidence, Passage, Query
from groundwire_server.domain.failure import Failure, Rejection
from groundwire_server.domain.grounding import GroundedSentence, GroundingSummary
from groundwire_server.domain.question import Question
from groundwire_server.domain.vocabulary import Cause, ConflictKind, Reason, Stage, Verdict
from groundwire_server.pipeline.acl_recheck import AclRecheck
from groundwire_server.pipeline.answerer import PipelineAnswerer
from groundwire_server.pipeline.grounding import SEARCHES, ground, judge_statement, statements_of
from groundwire_server.pipeline.routes import Ports, Route, RouteTable
from groundwire_server.pipeline.source_index import SourceIndex
from groundwire_server.ports.checker import Checker
from groundwire_server.ports.recording import Recording
from groundwire_server.telemetry import names
from tests.doubles.believing import Believing
from tests.doubles.counts import Counts
from tests.doubles.inline import InlineExecutor, inline_threads
from tests.doubles.spans import Spans
from tests.doubles.store import SearchAlone
from tests.doubles.time import LoopTime
from tests.pipeline.samples import ALICE, RULES, passage, policy
from tests.timed import least_time

DESK = Passage("desk", "Parcels are signed for at the front desk in Zürich from eight to six.", title="Parcels")
LOST = Passage("lost", "Lost parcels are kept for thirty days in the mail room.")
SECONDS = 8.0


class Library(SearchAlone):
    """A store that finds the passages under a word of the query; a search may take its time, or fail."""

    def __init__(self, passages: Mapping[str, Passage]) -> None:
        self._passages = passages
        self.queries: list[str] = []
        self.filters: list[object] = []
        self.takes = 0.0
        self.failure: Failure | None = None
        self.running = self.most_running = self.cancelled = 0

    async def search(self, caller: Any, query: Query, deadline: Deadline) -> Evidence:
        self.queries.append(query.text)
        self.filters.append((query.top_k, query.filter))
        self.running += 1
        self.most_running = max(self.running, self.most_running)
        try:
            if self.failure is not None and len(self.queries) == 1:
                raise self.failure
            await asyncio.sleep(self.takes)
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        finally:
            self.running -= 1
        found = tuple(passage for word, passage in self._passages.items() if word in query.text)
        return Evidence(found, "v1")


class Reader:
    """Takes sentences, each after a while."""

    def __init__(self, takes: float = 0.0) -> None:
        self.sentences: list[GroundedSentence] = []
        self._takes = takes

    async def emit(self, sentence: GroundedSentence) -> None:
        await asyncio.sleep(self._takes)
        self.sentences.append(sentence)

    @property
    def verdicts(self) -> list[str]:
        return [each.sentence.verdict.value for each in self.sentences]


class Checks:
    """The path over doubles."""

    def __init__(self, passages: Mapping[str, Passage] | None = None, checker: Checker | None = None) -> None:
        self.store = Library(passages or {})
        self.spans = Spans()
        self.counts = Counts()
        self.threads = InlineExecutor()
        ports = Ports(self.store, None, built_in_prompts(), {}, AclRecheck(self.counts), RULES, checker=checker)
        self.routes = RouteTable({"default": Route(replace(policy(), min_support=0.5), ports)})
        recording = Recording(self.spans.tracer, self.counts)
        self._checker = PipelineAnswerer(self.routes, LoopTime(), recording, inline_threads(self.threads))

    async def __call__(
        self,
        text: str,
        *facts: Passage,
        question: str = "",
        reader: Reader | None = None,
        seconds: float = SECONDS,
        **asked: Any,
    ) -> GroundingSummary:
        self.reader = reader or Reader()
        now = asyncio.get_running_loop().time()
        inquiry = self.routes.inquiry(
            Question("default", question, "request-1", provided=facts, **asked), ALICE, now, Deadline(now + seconds)
        )
        return await self._checker.check(text, inquiry, self.reader)


async def test_each_sentence_gets_its_verdict_and_the_facts_that_carry_it() -> None:
    check = Checks()
    summary = await check(f"{DESK.text} Lost parcels are kept for days. Bananas ripen.", DESK, LOST)
    assert check.reader.verdicts == ["VERBATIM", "CONSISTENT", "UNSUPPORTED"]
    verbatim, consistent, unsupported = check.reader.sentences
    (citation,) = verbatim.citations
    assert (citation.passage, citation.quote) == (DESK, DESK.text)
    assert verbatim.sentence.citations == (0,)
    assert LOST.text in [each.quote for each in consistent.citations]
    assert (unsupported.citations, unsupported.sentence.citations) == ((), ())
    assert summary.verdicts == {Verdict.VERBATIM: 1, Verdict.CONSISTENT: 1, Verdict.UNSUPPORTED: 1}
    assert summary.report.judged == summary.verdicts
    assert sum(summary.report.conflicts.values()) > 0
    assert (summary.weakest_verdict, summary.verified) == (Verdict.UNSUPPORTED, False)
    assert 0.5 < summary.grounding_score < 1.0


async def test_a_checker_of_the_route_is_asked_about_what_is_not_verbatim() -> None:
    checker = Believing(0.9, 0.1)
    check = Checks(checker=checker)
    summary = await check(f"{DESK.text} Lost parcels are kept for days. Bananas ripen.", DESK, LOST, question="What?")
    assert check.reader.verdicts == ["VERBATIM", "ENTAILED", "UNSUPPORTED"]
    (request,) = checker.asked
    assert [each.text for each in request.sentences] == ["Lost parcels are kept for days.", "Bananas ripen."]
    assert check.reader.sentences[1].citations
    assert (summary.weakest_verdict, summary.verified) == (Verdict.UNSUPPORTED, False)


async def test_sentences_are_asked_about_in_groups_so_that_verdicts_come_as_they_are_reached() -> None:
    checker = Believing(*[0.9] * 16)
    check = Checks(checker=checker)
    await check(" ".join(["Lost parcels are kept for days."] * 32), LOST)
    assert [len(request.sentences) for request in checker.asked] == [16, 16]
    assert check.reader.verdicts == ["ENTAILED"] * 32


async def test_a_text_that_is_the_facts_own_words_is_verified() -> None:
    summary = await Checks()(f"{LOST.text}\n\n{DESK.text}", DESK, LOST)
    assert (summary.verified, summary.weakest_verdict, summary.grounding_score) == (True, Verdict.VERBATIM, 1.0)
    assert summary.citations == 2


async def test_spans_refer_to_the_text_as_it_was_sent() -> None:
    check = Checks()
    text = f"\n 🙂 Grüße. {DESK.text}  {LOST.text}\n"
    await check(text, DESK, LOST)
    for each in check.reader.sentences:
        span = each.sentence.span
        said = text[span.start_code_point : span.end_code_point]
        assert text.encode()[span.start_byte : span.end_byte].decode() == said
        units = text.encode("utf-16-le")[span.start_utf16_unit * 2 : span.end_utf16_unit * 2]
        assert units.decode("utf-16-le") == said
        assert all(citation.span == span for citation in each.citations)
    assert check.reader.sentences[-1].citations[0].quote == LOST.text


async def test_without_facts_the_corpus_is_searched_for_each_sentence() -> None:
    check = Checks({"desk": passage("c1", DESK.text), "Lost": passage("c2", LOST.text)})
    summary = await check(f"{DESK.text} {LOST.text} Bananas ripen.", top_k=3)
    assert check.reader.verdicts == ["VERBATIM", "VERBATIM", "UNSUPPORTED"]
    assert sorted(check.store.queries) == sorted([DESK.text, LOST.text, "Bananas ripen."])
    assert check.store.filters == [(3, None)] * 3
    assert (summary.report.corpus_version, summary.report.found) == ("v1", 2)
    assert [timing.stage for timing in summary.report.stages] == [Stage.NORMALIZE, Stage.RETRIEVE, Stage.CHECK]


async def test_passages_that_the_caller_may_not_see_are_no_evidence() -> None:
    check = Checks({"Lost": passage("secret", LOST.text, allowed=frozenset({"board"}))})
    await check(LOST.text)
    assert check.reader.verdicts == ["UNSUPPORTED"]


async def test_a_few_sentences_are_searched_for_at_once_and_the_first_verdicts_do_not_wait_for_the_last() -> None:
    check = Checks({"Lost": passage("c2", LOST.text)})
    check.store.takes = 0.1
    summary = await check(" ".join(f"Sentence {number} is here." for number in range(3 * SEARCHES)))
    assert check.store.most_running == SEARCHES
    stages = [timing.stage for timing in summary.report.stages]
    assert stages == [Stage.NORMALIZE, *[Stage.RETRIEVE, Stage.CHECK] * 3]
    assert len(check.reader.sentences) == 3 * SEARCHES


async def test_a_short_answer_is_searched_for_with_its_question() -> None:
    check = Checks({"kept": passage("c2", LOST.text)})
    await check("Thirty days.", question="How long are lost parcels kept?")
    assert check.store.queries == ["How long are lost parcels kept? Thirty days."]


async def test_a_short_answer_is_read_with_its_question_and_cites_what_answers_it() -> None:
    check = Checks()
    question = "Are lost parcels kept for thirty days in the mail room?"
    await check("Yes.", DESK, LOST, question=question)
    assert check.reader.verdicts == ["CONSISTENT"]
    assert [each.quote for each in check.reader.sentences[0].citations] == [LOST.text]
    await check("Yes.", DESK, LOST, question="Are bananas ripe in autumn?")
    assert check.reader.verdicts == ["UNSUPPORTED"]


async def test_a_conflict_stands_where_the_text_and_the_fact_differ() -> None:
    check = Checks()
    text = f"Grüße 🙂! {DESK.text} Lost parcels are kept for ninety days in the mail room."
    await check(text, DESK, LOST)
    contradicted = check.reader.sentences[-1].sentence
    assert contradicted.verdict is Verdict.CONTRADICTED
    (conflict,) = contradicted.conflicts
    assert (conflict.kind, conflict.chunk_id, conflict.passage_words) == (ConflictKind.NUMBER, "lost", "thirty days")
    assert text[conflict.span.start_code_point : conflict.span.end_code_point] == "ninety days"
    assert text.encode()[conflict.span.start_byte : conflict.span.end_byte] == b"ninety days"


async def test_a_sentence_in_another_language_than_all_facts_says_so() -> None:
    check = Checks()
    others = [Passage(f"f{number}", f"Ticket {number} is about the printer on the floor.") for number in range(9)]
    await check("Die verlorenen Pakete werden dreißig Tage lang in der Poststelle aufbewahrt.", *others)
    (sentence,) = check.reader.sentences
    assert sentence.sentence.verdict is Verdict.UNSUPPORTED
    assert [each.kind for each in sentence.sentence.conflicts] == [ConflictKind.LANGUAGE]


async def test_a_sentence_without_a_word_is_not_searched_for() -> None:
    check = Checks()
    await check("!!!!")
    assert check.store.queries == []


async def test_the_question_is_held_to_the_routes_limit() -> None:
    with pytest.raises(Rejection) as caught:
        await Checks()("So it is.", DESK, question="x" * 2001)
    assert caught.value.reason is Reason.INVALID_REQUEST
    assert [violation.field for violation in caught.value.violations] == ["question"]


async def test_a_text_without_a_sentence_has_a_summary_alone() -> None:
    check = Checks()
    summary = await check(" \n---\n", DESK)
    assert check.reader.sentences == []
    assert (summary.weakest_verdict, summary.verified, summary.grounding_score) == (None, False, 0.0)
    assert check.threads.jobs == 1


async def test_the_deadline_ends_a_check_and_what_was_checked_has_left() -> None:
    check = Checks()
    with pytest.raises(Failure) as caught:
        await check(f"{DESK.text} {LOST.text} " * 20, DESK, LOST, reader=Reader(takes=1.0))
    assert caught.value.cause is Cause.TIME_EXHAUSTED
    assert 0 < len(check.reader.sentences) <= SECONDS


async def test_a_store_that_is_late_ends_the_check() -> None:
    check = Checks()
    check.store.takes = 60.0
    with pytest.raises(Failure) as caught:
        await check(DESK.text)
    assert caught.value.cause is Cause.STORE_TIMEOUT
    assert check.store.running == 0


async def test_the_first_search_that_fails_ends_the_others() -> None:
    check = Checks()
    check.store.takes, check.store.failure = 1.0, Failure(Cause.STORE_UNAVAILABLE)
    with pytest.raises(Failure) as caught:
        await check("Cats sleep. Dogs bark. Cows graze.")
    assert caught.value.cause is Cause.STORE_UNAVAILABLE
    assert (check.store.running, check.store.cancelled) == (0, 2)


async def test_a_cancelled_check_leaves_no_search_and_begins_no_further_step() -> None:
    check = Checks()
    check.store.takes = 1.0
    checking = asyncio.create_task(check("Cats sleep. Dogs bark."))
    await asyncio.sleep(0.5)
    jobs = check.threads.jobs
    checking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await checking
    assert (check.store.running, check.store.cancelled, check.threads.jobs) == (0, 2, jobs)


async def test_every_fact_is_a_step_of_its_own_and_every_sentence_two() -> None:
    check = Checks()
    await check(f"{DESK.text} {LOST.text} Bananas ripen.", DESK, LOST)
    assert check.threads.jobs == 1 + 2 + 3 * 2


async def test_the_stages_say_how_much_was_checked_and_no_text() -> None:
    check = Checks()
    await check(f"{DESK.text} {LOST.text}", DESK, LOST)
    attributes = check.spans.attributes("groundwire.check")
    assert (attributes[names.SENTENCES_CHECKED], attributes[names.SOURCES]) == (2, 2)
    assert "parcels" not in check.spans.everything()


async def test_a_passage_of_32_kib_of_one_word_is_compared_like_any_other() -> None:
    check = Checks()
    await check("word word. Bananas ripen.", Passage("f", "word " * 6553))
    assert check.reader.verdicts == ["CONSISTENT", "UNSUPPORTED"]


WORK = [
    ("sentences", lambda size: "Parcels wait in room 7 for days. " * size, lambda size: [LOST, DESK] * 20),
    ("short lines", lambda size: "Fox.\n" * size * 4, lambda size: [LOST, DESK] * 20),
    ("one word", lambda size: "word " * size * 8, lambda size: [Passage("f", "word " * 640)]),
    ("no space", lambda size: "x" * size * 40, lambda size: [Passage("f", "x" * 3_000)]),
    ("other alphabets", lambda size: "Грузы ждут в комнате. 🙂 " * size, lambda size: [LOST, DESK] * 20),
    ("facts of one word", lambda size: LOST.text, lambda size: [Passage("f", "word " * 100)] * size),
    ("long facts", lambda size: LOST.text, lambda size: [Passage("f", f"{LOST.text} {DESK.text} " * size)]),
]


@pytest.mark.parametrize(("text", "facts"), [row[1:] for row in WORK], ids=[row[0] for row in WORK])
def test_the_time_grows_no_faster_than_the_text_and_the_facts(
    text: Callable[[int], str], facts: Callable[[int], list[Passage]]
) -> None:
    def work(size: int) -> None:
        index = SourceIndex()
        for fact in facts(size):
            index.add(fact)
        for statement in statements_of(text(size), ""):
            judged = judge_statement(statement, index, RULES, "")
            ground(statement, judged.cited, judged.checked, 0.0)

    # With the square it would be 64 times as long.
    bound = 32 * least_time(lambda: work(200)) + 0.05
    assert least_time(lambda: work(1600), bound) < bound
