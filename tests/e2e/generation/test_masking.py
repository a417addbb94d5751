"""Personal data does not reach providers whose configuration masks it, and the answer has it all the same."""

import json
import re
from collections.abc import Sequence
from typing import Any

import pytest

from groundwire.v1 import event_pb2, grounding_pb2, passage_pb2, question_pb2
from tests.doubles.checking_model import decisions, judge
from tests.doubles.embeddings import embedding
from tests.doubles.upstream import Echo, Reply, Upstream, upstream
from tests.e2e.calls import answer, ingest, kept_text, question, stream
from tests.e2e.generation.conftest import ROUTE, Serve, one_model, provider
from tests.e2e.generation.drafts import DONE, chunk, segments, usage
from tests.e2e.generation.test_remote_guards import objects_to

MASK = {"mask": ["email", "phone", "iban"]}
EMAIL, OTHER, PHONE = "ann.lee@mail.example", "bob@mail.example", "+49 30 901820"
IBAN = "DE89 3704 0044 0532 0130 00"
PLANTED = (EMAIL, OTHER, PHONE, IBAN, "ann.lee", "901820", "0532")
SAID = f"Refunds are answered by Ann Lee at {EMAIL} or {PHONE}."
ASKED = f"Who answers refunds, {EMAIL} or {OTHER}?"
CHECKED, PROVISIONAL = event_pb2.STREAM_MODE_CHECKED, event_pb2.STREAM_MODE_PROVISIONAL
TURNS = [
    question_pb2.Turn(role=question_pb2.Turn.ROLE_USER, text=f"Is {OTHER} there? I pay from {IBAN}."),
    question_pb2.Turn(role=question_pb2.Turn.ROLE_ASSISTANT, text=f"Call {PHONE}."),
]


def asked(text: str = ASKED, **fields: Any) -> question_pb2.Question:
    passage = passage_pb2.ProvidedPassage(passage_id="c1", text=SAID, title=f"Desk of {EMAIL}")
    provided = passage_pb2.ProvidedPassages(passages=[passage])
    return question(text, provided=provided, **fields)


def shown(body: bytes) -> str:
    return "\n".join(message["content"] for message in json.loads(body)["messages"])


def copies(*, split: int = 3, before: Sequence[str] = ()) -> Reply:
    """A model that says what its first passage says, in pieces of so many letters."""

    def copied(body: bytes) -> bytes:
        passage = re.search(r'id="p1">\n(?:<title-.*>\n)?(.*)\n</passage-', shown(body))
        assert passage is not None
        draft = "".join(segments(*before, passage[1]))
        return b"".join(chunk(draft[start : start + split]) for start in range(0, len(draft), split))

    return Reply([Echo(copied), chunk(reason="stop"), usage(), DONE])


def masked(*, mask: bool = True, **route: Any) -> Any:
    def sections(double: Upstream) -> dict[str, Any]:
        made = one_model(double, route=route)
        made["providers"]["cloud"] = provider(double, **(MASK if mask else {}))
        return made

    return sections


def sent(double: Upstream) -> set[str]:
    """Which of the planted words a provider was sent."""
    bodies = "\n".join(request.body.decode() for request in double.requests)
    return {words for words in PLANTED if words in bodies or words in json.dumps(bodies)}


async def test_what_is_planted_arrives_where_nothing_is_masked(configured: Serve) -> None:
    async with upstream(copies()) as writer, configured(masked(mask=False)(writer)) as served:
        await answer(served, asked(turns=TURNS))
        assert sent(writer) == set(PLANTED)


@pytest.mark.parametrize("split", [1, 2, 3, 7, 1000])
async def test_a_model_is_sent_placeholders_and_the_answer_is_verbatim(configured: Serve, split: int) -> None:
    async with upstream(copies(split=split)) as writer, configured(masked()(writer)) as served:
        outcome = await answer(served, asked(turns=TURNS))
        assert sent(writer) == set()
        assert not any(words in served.spans.everything() for words in (*PLANTED, "EMAIL_1"))
        prompt = shown(writer.requests[0].body)
    assert re.search(
        r"<title-\w+>Desk of \[EMAIL_(\d)\]</title-\w+>\nRefunds.* at \[EMAIL_\1\] or \[PHONE_1\]\.", prompt
    )
    text = outcome.answered.answer
    assert text.text == SAID
    assert [each.verdict for each in text.sentences] == [grounding_pb2.VERDICT_VERBATIM]
    assert [each.quote for each in text.citations] == [SAID]


@pytest.mark.parametrize("mode", [CHECKED, PROVISIONAL])
async def test_a_stream_has_the_words_and_never_a_placeholder(configured: Serve, mode: "event_pb2.StreamMode") -> None:
    async with upstream(copies(split=1)) as writer, configured(masked()(writer)) as served:
        events = await stream(served, asked(turns=TURNS), mode=mode)
        assert sent(writer) == set()
    deltas = [event.text_delta.text for event in events if event.WhichOneof("event") == "text_delta"]
    assert kept_text(events) == SAID
    assert not any("[" in delta or "EMAIL" in delta for delta in deltas)
    assert events[-1].outcome.answered.answer.text == SAID


@pytest.mark.parametrize("mode", [None, CHECKED, PROVISIONAL], ids=["unary", "checked", "provisional"])
async def test_a_repair_shows_the_draft_with_the_same_placeholders(
    configured: Serve, mode: "event_pb2.StreamMode | None"
) -> None:
    def place(body: bytes) -> str:
        return str(re.findall(r"\[EMAIL_\d\]", shown(body))[-1])

    def errs(body: bytes) -> bytes:
        return chunk("".join(segments(f"Refunds take [EMAIL_9] days at {place(body)}.")))

    wrong = Reply([Echo(errs), chunk(reason="stop"), usage(), DONE])
    async with upstream(wrong, copies()) as writer, configured(masked()(writer)) as served:
        if mode is None:
            outcome = await answer(served, asked())
        else:
            outcome = (await stream(served, asked(), mode=mode))[-1].outcome
        assert len(writer.requests) == 2
        assert sent(writer) == set()
        first, again = (shown(request.body) for request in writer.requests)
    assert outcome.answered.answer.text == SAID
    assert f"days at {place(writer.requests[0].body)}." in again
    assert again.startswith(first), "a provider's cache has the beginning"


async def test_a_placeholder_that_was_not_given_does_not_stand(configured: Serve) -> None:
    def invents(body: bytes) -> bytes:
        return chunk("".join(segments(SAID.replace(EMAIL, "[EMAIL_9]").replace(PHONE, "[PHONE_1]"))))

    invented = Reply([Echo(invents), chunk(reason="stop"), usage(), DONE])
    async with upstream(invented) as writer, configured(masked()(writer)) as served:
        outcome = await answer(served, asked())
    assert outcome.WhichOneof("result") != "answered"
    assert "EMAIL_9" not in str(outcome)


@pytest.mark.parametrize(
    "invented", ["[EMAIL_9]", "[EMAIL]", "__EMAIL_1__", "EMAIL_9", "[EMAIL\u2081]", "[CUSTOMER_9]"]
)
async def test_a_placeholder_that_a_model_made_up_does_not_stand_where_its_words_do(
    configured: Serve, invented: str
) -> None:
    said = f"Email your refund request to {EMAIL} as a customer within 9 days or 1 week."
    written = [chunk("".join(segments(said.replace(EMAIL, invented)))), chunk(reason="stop"), usage(), DONE]
    passages = passage_pb2.ProvidedPassages(passages=[passage_pb2.ProvidedPassage(passage_id="c1", text=said)])
    async with upstream(Reply(written)) as writer, configured(masked()(writer)) as served:
        outcome = await answer(served, question("How are refunds requested?", provided=passages))
    assert outcome.WhichOneof("result") != "answered"
    assert invented not in str(outcome)


async def test_a_model_that_rewrites_is_sent_placeholders_and_the_search_has_the_words(configured: Serve) -> None:
    def rewritten(body: bytes) -> bytes:
        (email,) = set(re.findall(r"\[EMAIL_\d\]", shown(body).split("Mark:")[1]))
        return chunk(json.dumps({"question": f"What does {email} answer?"}))

    async with (
        upstream(copies()) as writer,
        upstream(Reply([Echo(rewritten), chunk(reason="stop"), usage(), DONE])) as rewriter,
    ):
        made = masked(rewrite={"model": "condensing"})(writer)
        made["providers"]["condenser"] = provider(rewriter, **MASK)
        made["models"]["condensing"] = {"kind": "openai", "provider": "condenser", "model": "small"}
        turns = [question_pb2.Turn(role=question_pb2.Turn.ROLE_USER, text=f"Who is {EMAIL}?")]
        async with configured(made) as served:
            await ingest(served, ("refunds", SAID))
            outcome = await answer(served, question("What does she answer?", turns=turns))
        assert rewriter.requests
        assert sent(rewriter) == sent(writer) == set()
    assert outcome.report.searched_question == f"What does {EMAIL} answer?"


async def test_what_a_guard_of_the_configuration_finds_is_masked_too(configured: Serve) -> None:
    said = "PROJECT-ABC ships in May, and Initech pays for it."
    async with upstream(copies(split=2)) as writer:
        made = masked()(writer)
        made["guards"] = {
            "code_names": {"kind": "patterns", "version": "1", "category": "code", "patterns": ["PROJECT-[A-Z]{3}"]},
            "competitors": {"kind": "terms", "version": "1", "category": "competitors", "terms": ["initech"]},
        }
        made["providers"]["cloud"]["mask"] = ["competitors", "code_names"]
        async with configured(made) as served:
            passages = passage_pb2.ProvidedPassages(passages=[passage_pb2.ProvidedPassage(passage_id="c1", text=said)])
            outcome = await answer(served, question("When does PROJECT-ABC ship?", provided=passages))
        prompt = shown(writer.requests[0].body)
    assert "[CODE_1] ships in May, and [COMPETITORS_1] pays for it." in prompt
    assert not {"PROJECT-ABC", "Initech"} & set(re.findall(r"[\w-]+", prompt))
    assert outcome.answered.answer.text == said


async def test_an_embedder_is_sent_the_category_of_documents_and_questions(configured: Serve) -> None:
    async with upstream(embedding()) as double:
        made = {
            "providers": {"vectors": provider(double, **MASK)},
            "embedders": {"house": {"kind": "openai", "provider": "vectors", "model": "m", "dimensions": 256}},
            "models": {"quoting": {"kind": "extractive", "store": "main"}},
            "routes": {"default": {**ROUTE, "models": ["quoting"]}},
        }
        async with configured(made, "house") as served:
            await ingest(served, ("refunds", SAID))
            outcome = await answer(served, question(ASKED))
        assert sent(double) == set()
        bodies = [json.loads(request.body)["input"] for request in double.requests]
    texts = [text for body in bodies for text in ([body] if isinstance(body, str) else body)]
    assert "Who answers refunds, [email] or [email]?" in texts
    assert any("at [email] or [phone]." in text for text in texts)
    assert outcome.answered.answer.text == SAID


@pytest.mark.parametrize("screen", ["question", "evidence", "answer"])
async def test_a_guard_behind_an_endpoint_is_sent_placeholders(configured: Serve, screen: str) -> None:
    async with upstream(copies()) as writer, upstream(objects_to("] or [")) as guard:
        made = masked(screens={screen: {"use": [{"guard": "it", "action": "FLAG"}]}})(writer)
        made["providers"]["guards"] = provider(guard, **MASK)
        made["guards"] = {"it": {"kind": "http", "provider": "guards", "version": "1", "categories": ["terms"]}}
        async with configured(made) as served:
            outcome = await answer(served, asked(f"Who answers refunds, {EMAIL} or {OTHER}?", turns=TURNS))
        assert guard.requests
        assert sent(guard) == set()
    assert [each.category for each in outcome.report.flags] == ["terms"]
    assert outcome.answered.answer.text == SAID


async def test_a_judge_is_sent_placeholders(configured: Serve) -> None:
    def retells(body: bytes) -> bytes:
        email = re.search(r"by Ann Lee at (\[EMAIL_\d\])", shown(body))
        assert email is not None
        return chunk("".join(segments(f"Refunds are answered by Ann Lee ({email[1]}).")))

    async with (
        upstream(Reply([Echo(retells), chunk(reason="stop"), usage(), DONE])) as writer,
        upstream(Reply([Echo(judge)], headers=(("Content-Type", "application/json"),))) as judging,
    ):
        made = masked(checker="it")(writer)
        made["providers"]["bench"] = provider(judging, **MASK)
        made["models"]["small"] = {"kind": "openai", "provider": "bench", "model": "small"}
        made["checkers"] = {"it": {"kind": "judge", "model": "small"}}
        async with configured(made) as served:
            outcome = await answer(served, asked())
        assert judging.requests
        assert sent(judging) == sent(writer) == set()
        assert re.search(r"Lee \(\[EMAIL_\d\]\)", shown(judging.requests[0].body))
    assert outcome.answered.answer.text == f"Refunds are answered by Ann Lee ({EMAIL})."


async def test_a_reranker_and_a_checker_are_sent_placeholders(configured: Serve) -> None:
    retold = f"Refunds are answered by Ann Lee ({EMAIL})."

    def retells(body: bytes) -> bytes:
        email = re.search(r"by Ann Lee at (\[EMAIL_\d\])", shown(body))
        assert email is not None
        return chunk("".join(segments(retold.replace(EMAIL, email[1]))))

    def ranks(body: bytes) -> bytes:
        return json.dumps(
            [{"index": index, "score": 0.9} for index, _ in enumerate(json.loads(body)["texts"])]
        ).encode()

    plain = (("Content-Type", "application/json"),)
    async with (
        upstream(Reply([Echo(retells), chunk(reason="stop"), usage(), DONE])) as writer,
        upstream(Reply([Echo(decisions)], headers=plain)) as checker,
        upstream(Reply([Echo(ranks)], headers=plain)) as reranker,
    ):
        made = masked(checker="panel", rerank={"reranker": "it"})(writer)
        made["providers"] |= {"panel": provider(checker, **MASK), "ranks": provider(reranker, **MASK)}
        made["checkers"] = {"panel": {"kind": "decisions", "provider": "panel", "model": "m"}}
        made["rerankers"] = {"it": {"kind": "endpoint", "provider": "ranks", "model": "m", "api": "tei"}}
        async with configured(made) as served:
            await ingest(served, ("refunds", SAID))
            await answer(served, question(ASKED))
        assert checker.requests
        assert reranker.requests
        assert sent(writer) | sent(checker) | sent(reranker) == set()
        asked_of = checker.requests[0].body.decode()
    (email,) = set(re.findall(r"at (\[EMAIL_\d\]) or", asked_of))
    assert f"({email})" in asked_of
