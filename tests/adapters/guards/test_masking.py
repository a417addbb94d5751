"""What embedders, rerankers, checkers and guards of a provider are sent in the place of personal data."""

import asyncio
from collections.abc import Sequence

from groundwire_server.adapters.checker.masking import MaskingRater
from groundwire_server.adapters.embedder.caching import CachingEmbedder
from groundwire_server.adapters.embedder.masking import MaskingEmbedder
from groundwire_server.adapters.guards.masking import Masker
from groundwire_server.adapters.guards.remote.masking import MaskingTextScreener
from groundwire_server.adapters.reranker.masking import MaskingTextRater
from groundwire_server.domain.allowance import Allowance
from groundwire_server.domain.deadline import NEVER, Deadline
from groundwire_server.domain.entailment import (
    CheckReply,
    CheckRequest,
    SentenceToCheck,
    SufficiencyReply,
    SufficiencyRequest,
)
from groundwire_server.domain.generation import Usage
from groundwire_server.domain.guards.finding import Finding
from groundwire_server.domain.requester import NOBODY, Requester
from groundwire_server.domain.reranking import RerankRequest
from groundwire_server.domain.vector import Vector
from groundwire_server.domain.vocabulary import Screen
from groundwire_server.ports.guard import ScreenReply, ScreenRequest
from tests.doubles.embedder import HashingEmbedder
from tests.doubles.local_guard import PatternGuard
from tests.doubles.reranker import ScriptedReranker

MASKER = Masker([PatternGuard(email=r"\w+@\w+\.org"), PatternGuard(number=r"(?<=no\. )\d+")])


class Recording(HashingEmbedder):
    """Keeps the texts of each call."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[list[str]] = []

    async def embed(self, texts: Sequence[str], deadline: Deadline, requester: Requester = NOBODY) -> Sequence[Vector]:
        self.texts.append(list(texts))
        return await super().embed(texts, deadline, requester)


class RecordingRater:
    """Keeps its requests."""

    def __init__(self) -> None:
        self.checks: list[CheckRequest] = []
        self.sufficiency: list[SufficiencyRequest] = []

    async def check(self, request: CheckRequest, deadline: Deadline) -> CheckReply:
        self.checks.append(request)
        return CheckReply((0.5,) * len(request.sentences), Usage(3))

    async def rate_sufficiency(self, request: SufficiencyRequest, deadline: Deadline) -> SufficiencyReply:
        self.sufficiency.append(request)
        return SufficiencyReply(0.5, Usage(4))


class WordGuard:
    """A TextScreener that objects to words."""

    def __init__(self, *words: str) -> None:
        self.texts: tuple[str, ...] = ()
        self._words = words

    async def screen(self, request: ScreenRequest, deadline: Deadline) -> ScreenReply:
        self.texts = request.texts
        found = (
            tuple(
                Finding("word", text.index(word), text.index(word) + len(word), "r", 0.9)
                for word in self._words
                if word in text
            )
            for text in request.texts
        )
        return ScreenReply(tuple(found), Usage(5))


async def test_an_embedder_is_sent_the_category_alone() -> None:
    inner = Recording()
    vectors = await MaskingEmbedder(inner, MASKER).embed(["Who is ann@x.org?", "None."], NEVER)
    assert inner.texts == [["Who is [email]?", "None."]]
    assert vectors == await HashingEmbedder().embed(["Who is [email]?", "None."], NEVER)


async def test_texts_that_are_masked_alike_are_embedded_each_and_cached_by_what_was_given() -> None:
    inner = Recording()
    caching = CachingEmbedder(MaskingEmbedder(inner, MASKER))
    for text in ("ann@x.org", "bob@x.org", "ann@x.org"):
        await caching.embed([text], NEVER)
    assert inner.texts == [["[email]"], ["[email]"]]


async def test_other_calls_have_their_turn_while_many_texts_are_masked() -> None:
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    beside = asyncio.create_task(others())
    await MASKER.fixed(["word " * 10_000] * 8)
    beside.cancel()
    assert turns >= 3


async def test_a_reranker_is_sent_the_same_placeholders_in_question_and_texts() -> None:
    inner = ScriptedReranker()
    request = RerankRequest(NOBODY, "Whose is 77?", ("ann@x.org has no. 77", "bob@x.org, ann@x.org"))
    await MaskingTextRater(inner, MASKER).rate(request, NEVER)
    (sent,) = inner.requests
    assert sent.texts == ("[EMAIL_1] has no. [NUMBER_1]", "[EMAIL_2], [EMAIL_1]")
    assert sent.question == "Whose is 77?"


async def test_a_checker_is_sent_the_same_placeholders_in_question_passages_and_sentences() -> None:
    inner = RecordingRater()
    masking = MaskingRater(inner, MASKER)
    passages = ("ann@x.org has no. 777777",)
    sentences = (SentenceToCheck("It is ann@x.org.", (0,)), SentenceToCheck("777777 is bob@x.org's."))
    reply = await masking.check(CheckRequest(NOBODY, "Whose is 777777?", passages, sentences), NEVER)
    (sent,) = inner.checks
    assert reply == CheckReply((0.5, 0.5), Usage(3))
    assert sent.passages == ("[EMAIL_1] has no. [NUMBER_1]",)
    assert sent.question == "Whose is [NUMBER_1]?"
    assert sent.sentences == (
        SentenceToCheck("It is [EMAIL_1].", (0,)),
        SentenceToCheck("[NUMBER_1] is [EMAIL_2]'s."),
    )


async def test_the_question_whether_passages_suffice_is_masked_too() -> None:
    inner = RecordingRater()
    request = SufficiencyRequest(NOBODY, "Who is ann@x.org?", ("Ann is ann@x.org.",))
    assert (await MaskingRater(inner, MASKER).rate_sufficiency(request, NEVER)).probability == 0.5
    assert (inner.sufficiency[0].question, inner.sufficiency[0].passages) == (
        "Who is [EMAIL_1]?",
        ("Ann is [EMAIL_1].",),
    )


async def test_a_guard_is_sent_placeholders_and_its_findings_are_of_the_text() -> None:
    inner = WordGuard("evil", "[EMAIL_1] evil", "MAIL")
    texts = ("ann@x.org evil bob@x.org evil", "none")
    reply = await MaskingTextScreener(inner, MASKER).screen(
        ScreenRequest(NOBODY, Screen.QUESTION, texts, Allowance()), NEVER
    )
    assert inner.texts == ("[EMAIL_1] evil [EMAIL_2] evil", "none")
    words = [texts[0][found.start : found.end] for found in reply.findings[0]]
    assert words == ["evil", "ann@x.org evil", "ann@x.org"]
    assert reply.findings[0][0] == Finding("word", 10, 14, "r", 0.9)
    assert (reply.findings[1], reply.usage) == ((), Usage(5))
