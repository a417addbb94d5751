import asyncio
import json
from array import array
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace

import pytest

from groundwire_server.adapters.embedder.caching import CachingEmbedder
from groundwire_server.adapters.generator.extractive import ExtractiveGenerator
from groundwire_server.adapters.generator.quoting import Answer, Tuning, levels
from groundwire_server.domain.deadline import NEVER, Deadline
from groundwire_server.domain.document import Sentence
from groundwire_server.domain.evidence import Passage, Scores
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.generation import Finish, FinishReason, GenerationRequest, Piece, Prompt
from groundwire_server.domain.requester import Requester
from groundwire_server.domain.text.sentences import sentences
from groundwire_server.domain.vocabulary import Cause, Confidence
from tests.doubles.embedder import HashingEmbedder

NORMANS = Passage(
    "c1",
    "The Normans gave their name to Normandy.\nThey descended from\nNorse raiders. Their leader Rollo swore fealty.",
    document_id="d1",
)
ANYTHING = Tuning(enough=0.0, sure=1.0, heed=False)
"""Quotes whatever ranks best: for tests of what is quoted, and not of whether it is enough."""

RAIN = Passage(
    "c2", "Rain fell in March. What did the Normans wear? The umbrella was invented later.", document_id="d2"
)


class Stored:
    """Sentence vectors as a store would keep them."""

    def __init__(self, embedder: HashingEmbedder, passages: Sequence[Passage], failure: Cause | None = None) -> None:
        self._kept = {
            passage.chunk_id: [
                Sentence(start, end, embedder.vector(passage.text[start:end])) for start, end in sentences(passage.text)
            ]
            for passage in passages
        }
        self._failure = failure
        self.asked: list[tuple[str, list[str], Deadline]] = []

    async def sentences(
        self, tenant: str, chunk_ids: Sequence[str], deadline: Deadline
    ) -> Mapping[str, Sequence[Sentence]]:
        self.asked.append((tenant, list(chunk_ids), deadline))
        if self._failure is not None:
            raise Failure(self._failure)
        return {chunk_id: self._kept[chunk_id] for chunk_id in chunk_ids if chunk_id in self._kept}


def prompt(question: str, *passages: Passage) -> Prompt:
    handles = {f"p{number}": passage for number, passage in enumerate(passages, 1)}
    return Prompt("answer", "1", "system", "user", question, handles)


async def answer(question: str, *passages: Passage, generator: ExtractiveGenerator | None = None) -> Answer:
    generator = generator or ExtractiveGenerator(HashingEmbedder())
    return await generator.answer(prompt(question, *passages), Requester("tenant"), NEVER)


async def written(generator: ExtractiveGenerator, request: GenerationRequest) -> list[Piece]:
    async with aclosing(generator.generate(request, NEVER)) as pieces:
        return [piece async for piece in pieces]


@pytest.mark.parametrize(
    ("embedder", "confidence"),
    [(HashingEmbedder(), Confidence.HIGH), (None, Confidence.MEDIUM)],
    ids=["vectors", "two words alone"],
)
async def test_answers_with_the_sentence_that_supports_it_and_cites_its_passage(
    embedder: HashingEmbedder | None, confidence: Confidence
) -> None:
    found = await answer("Which raiders descended?", RAIN, NORMANS, generator=ExtractiveGenerator(embedder))
    # "They" is not understood without the sentence before it.
    assert found.segments == (("The Normans gave their name to Normandy. They descended from Norse raiders.", ("p2",)),)
    assert found.confidence is confidence


@pytest.mark.parametrize("embedder", [HashingEmbedder(), None])
@pytest.mark.parametrize("question", ["Which bank raised interest rates?", "Who is it?", "🙂?"])
async def test_abstains_when_nothing_supports_an_answer(embedder: HashingEmbedder | None, question: str) -> None:
    found = await answer(question, NORMANS, RAIN, generator=ExtractiveGenerator(embedder))
    assert (found.segments, found.confidence) == ((), Confidence.LOW)


async def test_an_abstention_is_a_draft_without_segments() -> None:
    request = GenerationRequest("m", Requester("t"), prompt("Which bank raised interest rates?", NORMANS), 500)
    *pieces, finish = await written(ExtractiveGenerator(), request)
    assert "".join(map(str, pieces)) == '{"confidence": "low", "segments": []}'
    assert isinstance(finish, Finish)


async def test_without_passages_there_is_no_answer() -> None:
    assert (await answer("Which raiders?")).segments == ()
    assert (await answer("Which raiders?", Passage("c", " \n"))).segments == ()


async def test_sentences_that_follow_each_other_are_one_segment_in_the_order_of_their_passage() -> None:
    everything = ExtractiveGenerator(HashingEmbedder(), tuning=replace(ANYTHING, cut=0.0, most=2))
    found = await answer("Norse raiders of Normandy and leader Rollo", RAIN, NORMANS, generator=everything)
    raiders = "They descended from Norse raiders."
    assert found.segments == (
        (
            f"The Normans gave their name to Normandy. {raiders} Their leader Rollo swore fealty.",
            ("p2",),
        ),
    )


async def test_there_are_no_more_sentences_than_allowed() -> None:
    few = ExtractiveGenerator(tuning=replace(ANYTHING, cut=0.0, most=2))
    page = Passage("c", "Norse raiders came. Normandy is green. Rollo was a leader.")
    found = await answer("Norse raiders of Normandy and leader Rollo", page, generator=few)
    assert "".join(text for text, _ in found.segments).count(".") == 2


async def test_a_sentence_far_weaker_than_the_best_is_left_out() -> None:
    found = await answer("Which Norse raiders descended from Normandy?", NORMANS)
    assert "Rollo" not in "".join(text for text, _ in found.segments)


async def test_one_sentence_in_two_passages_cites_both() -> None:
    copy = Passage("c3", "Rain  fell in March.")
    found = await answer("When did rain fall?", RAIN, copy)
    assert found.segments == (("Rain fell in March.", ("p1", "p2")),)


@pytest.mark.parametrize(
    ("question", "unknown", "answered"),
    [
        ("Which raiders descended?", frozenset(), True),
        ("Which raiders came in a helicopter?", frozenset({"helicopt"}), False),
        ("Which raiders came in a helicopter?", None, False),
        ("Which norsemen gave their name to Normandy?", frozenset({"norsemen"}), True),
        ("What did the ancestors of raiders eat?", frozenset({"ancestor", "eat"}), False),
    ],
)
async def test_what_no_document_has_must_be_answered_surely(
    question: str, unknown: frozenset[str] | None, answered: bool
) -> None:
    asked = replace(prompt(question, NORMANS, RAIN), unknown=unknown)
    found = await ExtractiveGenerator(HashingEmbedder()).answer(asked, Requester("t"), NEVER)
    assert bool(found.segments) is answered


async def test_questions_headings_and_empty_words_are_no_answers() -> None:
    page = Passage(
        "c", "The mail room\n\nmail.room()\n\nWhere is the mail room?\n\nThe mail room is on floor two. It is."
    )
    found = await answer("Where is the mail room?", page)
    assert [text for text, _ in found.segments] == ["The mail room is on floor two."]


async def test_confidence_follows_strength() -> None:
    assert (await answer("Did the Normans name Normandy?", NORMANS)).confidence is Confidence.HIGH
    doubtful = await answer("Did the Normans quickly and gladly give a name?", NORMANS)
    assert doubtful.confidence is Confidence.MEDIUM
    assert doubtful.strength < 0.6


async def test_stored_sentences_are_not_embedded_again() -> None:
    embedder = HashingEmbedder()
    stored = Stored(embedder, [NORMANS])
    generator = ExtractiveGenerator(embedder, stored)
    deadline = Deadline(asyncio.get_running_loop().time() + 5)
    await generator.answer(prompt("Which raiders descended?", NORMANS, RAIN), Requester("acme"), deadline)
    assert stored.asked == [("acme", ["c1", "c2"], deadline)]
    assert embedder.calls == [["Which raiders descended?"], [RAIN.text[a:b] for a, b in sentences(RAIN.text)]]
    assert embedder.deadlines == [deadline] * 2


async def test_the_callers_own_passages_are_not_looked_up() -> None:
    embedder = HashingEmbedder()
    stored = Stored(embedder, [NORMANS])
    await answer("Why?", replace(NORMANS, document_id=""), generator=ExtractiveGenerator(embedder, stored))
    assert stored.asked == []


async def test_stored_sentences_that_do_not_fit_are_cut_and_embedded_anew() -> None:
    embedder = HashingEmbedder()
    stored = Stored(embedder, [])
    unit = array("f", [1.0])
    stored._kept = {"c1": [Sentence(0, 9999, embedder.vector("x"))], "c2": [Sentence(0, 19, unit), Sentence(20, 46)]}
    found = await answer("When fell rain?", NORMANS, RAIN, generator=ExtractiveGenerator(embedder, stored))
    assert found.segments == (("Rain fell in March.", ("p2",)),)
    assert embedder.calls[1] == [
        *(NORMANS.text[a:b] for a, b in sentences(NORMANS.text)),
        RAIN.text[:19],
        RAIN.text[20:46],
    ]


async def test_the_question_comes_from_the_cache_it_was_put_in_for_the_search() -> None:
    inner = HashingEmbedder()
    cache = CachingEmbedder(inner)
    question = "Which raiders descended?"
    await cache.embed([question], NEVER, Requester("tenant"))
    await answer(question, NORMANS, generator=ExtractiveGenerator(cache, Stored(inner, [NORMANS])))
    assert inner.calls == [[question]]


@pytest.mark.parametrize("cause", [Cause.STORE_TIMEOUT, Cause.STORE_UNAVAILABLE, Cause.STORE_MISCONFIGURED])
async def test_a_failing_store_is_no_failing_model(cause: Cause) -> None:
    embedder = HashingEmbedder()
    with pytest.raises(Failure) as failure:
        await answer("Why?", NORMANS, generator=ExtractiveGenerator(embedder, Stored(embedder, [], cause)))
    assert failure.value.cause is cause


async def test_a_failing_embedder_is_a_failing_model() -> None:
    embedder = HashingEmbedder(failures=[Failure(Cause.EMBEDDER_UNAVAILABLE)])
    with pytest.raises(Failure) as failure:
        await answer("Why?", NORMANS, generator=ExtractiveGenerator(embedder))
    assert failure.value.cause is Cause.MODEL_UNAVAILABLE


async def test_an_embedder_that_takes_too_long_is_a_timeout() -> None:
    generator = ExtractiveGenerator(HashingEmbedder(delay=9))
    began = asyncio.get_running_loop().time()
    with pytest.raises(Failure) as failure:
        await generator.answer(prompt("Why?", NORMANS), Requester("t"), Deadline(began + 2))
    assert failure.value.cause is Cause.MODEL_TIMEOUT
    assert asyncio.get_running_loop().time() - began == pytest.approx(2.0)


async def test_a_cancel_reaches_the_embedder() -> None:
    embedder = HashingEmbedder(delay=9)
    request = GenerationRequest("m", Requester("t"), prompt("Why?", NORMANS), 500)
    task = asyncio.create_task(written(ExtractiveGenerator(embedder), request))
    await asyncio.sleep(1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert embedder.cancelled == 1


async def test_the_draft_comes_segment_by_segment_and_may_be_cut_off() -> None:
    generator = ExtractiveGenerator(HashingEmbedder(), tuning=replace(ANYTHING, cut=0.0, most=3))
    said = ("Norse raiders came.", "Normandy is green.", "Rollo was a leader.")
    apart = [Passage(f"c{number}", text) for number, text in enumerate(said)]
    request = GenerationRequest("m", Requester("t"), prompt("Norse raiders of Normandy and leader Rollo", *apart), 500)
    *pieces, finish = await written(generator, request)
    assert [piece.count('"text"') for piece in map(str, pieces)] == [0, 1, 1, 1, 0]
    assert len(json.loads("".join(map(str, pieces)))["segments"]) == 3
    assert isinstance(finish, Finish)
    assert finish.usage.estimated
    *pieces, finish = await written(generator, replace(request, max_output_tokens=25))
    assert isinstance(finish, Finish)
    assert finish.reason is FinishReason.LENGTH
    assert len(pieces) < 5


MILLS = Passage(
    "c4",
    "The demand for mills grew in 1913. Aldo Bruni built the mill of Rovato. Its wheel is not made of iron.",
    title="Mills of the valley",
)


@pytest.mark.parametrize(
    ("question", "other"),
    [
        ("In what year did the demand for mills grow?", "In what year did the demand for mills decline?"),
        ("Who built the mill of Rovato?", "Who did not build the mill of Rovato?"),
        ("Who built the mill of Rovato?", "Who built the mill of Milano?"),
        ("What grew in 1913?", "What grew in 1920?"),
        ("In what year did the demand for mills grow?", "How many mills of Rovato did Aldo Bruni build?"),
    ],
    ids=["opposite", "negation", "name", "number", "kind"],
)
@pytest.mark.parametrize("embedder", [HashingEmbedder(), None], ids=["vectors", "words"])
async def test_abstains_where_the_sentence_contradicts_what_the_question_takes_for_granted(
    question: str, other: str, embedder: HashingEmbedder | None
) -> None:
    generator = ExtractiveGenerator(embedder, tuning=Tuning(enough=0.0))
    assert (await answer(question, MILLS, generator=generator)).segments
    contradicted = await answer(other, MILLS, generator=generator)
    assert (contradicted.segments, contradicted.confidence) == ((), Confidence.LOW)
    unheeded = ExtractiveGenerator(embedder, tuning=ANYTHING)
    assert (await answer(other, MILLS, generator=unheeded)).segments


async def test_what_contradicts_the_question_is_weaker() -> None:
    right, wrong = [
        await answer(f"In what year did the demand for mills {verb}?", MILLS) for verb in ("grow", "decline")
    ]
    assert wrong.strength < right.strength


async def test_vectors_of_what_the_embedder_does_not_know_count_for_nothing() -> None:
    embedder = HashingEmbedder()
    embedder.share = 0.0
    found = await answer("Who built the mill?", MILLS, generator=ExtractiveGenerator(embedder))
    assert found == await answer("Who built the mill?", MILLS, generator=ExtractiveGenerator())
    assert embedder.calls == []


async def test_vectors_count_as_far_as_the_embedder_knows_the_question() -> None:
    embedder = HashingEmbedder()
    whole = await answer("Who built the mill?", MILLS, generator=ExtractiveGenerator(embedder))
    embedder.share = 0.5
    half = await answer("Who built the mill?", MILLS, generator=ExtractiveGenerator(embedder))
    assert half.features[0] == pytest.approx(whole.features[0] / 2)
    assert half.strength < whole.strength


async def test_of_two_like_sentences_that_of_the_passage_found_first_ranks_higher() -> None:
    near, far = (
        Passage(chunk, f"{chunk} mills grow well.", scores=Scores(fused=fused))
        for chunk, fused in (("a", 1.0), ("b", 0.1))
    )
    found = await answer(
        "Which mills grow well?", far, near, generator=ExtractiveGenerator(tuning=replace(ANYTHING, most=1))
    )
    assert found.segments == (("a mills grow well.", ("p2",)),)


@pytest.mark.parametrize("vectors", [True, False])
def test_an_answer_is_sure_only_where_it_is_enough(vectors: bool) -> None:
    enough, sure = levels(Tuning(), vectors=vectors)
    assert 0.0 < enough < sure < 1.0
    assert levels(Tuning(enough=0.3, sure=0.4), vectors=vectors) == (0.3, 0.4)


async def test_a_passage_that_a_guard_distrusts_is_quoted_only_where_no_other_one_answers() -> None:
    asked = "Who was the leader of the Normans?"
    planted = Passage("c9", "Leader of the Normans: who? The leader of the Normans was Globex.", document_id="d9")
    distrusted = replace(planted, trusted=False)
    good = Passage("c8", "The leader of the Normans was Rollo.", document_id="d8")
    assert "Globex" in str((await answer(asked, planted, good)).segments)
    (only,) = (await answer(asked, distrusted, good)).segments
    assert only == ("The leader of the Normans was Rollo.", ("p2",))
    assert "Globex" in str((await answer(asked, distrusted)).segments)
