"""What a prompt holds beside the question and the passages."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from groundwire_server.adapters.prompts.built_in import built_in_versions
from groundwire_server.domain.caller import Caller
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.evidence import Passage
from groundwire_server.domain.fencing.leak import LeakCheck
from groundwire_server.domain.inquiry import Inquiry
from groundwire_server.domain.prompts.context import (
    NO_CONTEXT,
    ContextBlock,
    ContextSource,
    ContextValue,
    Keep,
    PromptContext,
    TrimmedBlock,
)
from groundwire_server.domain.prompts.glossary import Glossary
from groundwire_server.domain.prompts.texts import NO_TEXTS, ContextTexts, TenantTexts
from groundwire_server.domain.question import Turn
from groundwire_server.domain.text.tokens import ESTIMATE
from groundwire_server.domain.vocabulary import Cause
from groundwire_server.pipeline.context import dated, prompt_context
from groundwire_server.ports.tokens import ModelTokens
from groundwire_server.telemetry import names
from tests.doubles.generator import DONE, Move, draft
from tests.doubles.prompts import catalogue, version
from tests.pipeline.running import FIRST, path
from tests.pipeline.samples import ALICE, ask, passage, policy

TERMS = (("SLA", "the service level that is promised"), ("refund", "money that is paid back"))
ACME = TenantTexts("Answer in two sentences.", Glossary(TERMS), (("What is due?", "Nothing is due."),))
TEXTS = ContextTexts(tenants={"acme": ACME}, environment={"REGION": "eu", "STAGE": "live"})
NOON = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)


class Words:
    """Counts words."""

    name = "words"
    exact = True

    def count(self, text: str) -> int:
        return len(text.split())


WORDS = Words()


def block(
    source: ContextSource, key: str = "", most: int = 100, keep: Keep = Keep.FIRST, name: str = ""
) -> ContextBlock:
    return ContextBlock(name or source.lower(), source, most, keep, key)


def inquiry(*blocks: ContextBlock, tenant: str = "acme", **question: Any) -> Inquiry:
    asked = Inquiry(ask(**question), Caller(tenant, "alice"), replace(policy(), context=blocks), 0.0, Deadline(9.0))
    return dated(asked, NOON)


def shown(
    *blocks: ContextBlock,
    texts: ContextTexts = TEXTS,
    passages: tuple[Passage, ...] = (),
    tenant: str = "acme",
    **question: Any,
) -> PromptContext:
    return prompt_context(inquiry(*blocks, tenant=tenant, **question), passages, texts, WORDS)[1]


def test_a_route_without_blocks_has_no_context() -> None:
    asked = inquiry(context=(("plan", "pro"),))
    assert prompt_context(asked, (), TEXTS, WORDS) == (asked.question, NO_CONTEXT)


@pytest.mark.parametrize(
    ("declared", "value"),
    [
        (block(ContextSource.INSTRUCTIONS), "Answer in two sentences."),
        (block(ContextSource.GLOSSARY), TERMS),
        (block(ContextSource.EXAMPLES), (("What is due?", "Nothing is due."),)),
        (block(ContextSource.ENVIRONMENT, "REGION"), "eu"),
        (block(ContextSource.ENVIRONMENT), (("REGION", "eu"), ("STAGE", "live"))),
        (block(ContextSource.DATE), "2026-11-27 (Friday)"),
        (block(ContextSource.DATE, "Pacific/Auckland"), "2026-11-28 (Saturday)"),
    ],
    ids=lambda each: f"{each.name} {each.key}" if isinstance(each, ContextBlock) else "",
)
def test_what_the_operator_writes_is_trusted(declared: ContextBlock, value: ContextValue) -> None:
    context = shown(declared)
    assert context.trusted == {declared.name: value}
    assert context.untrusted == {}
    assert context.varying == frozenset()


@pytest.mark.parametrize(
    ("declared", "value"),
    [
        (block(ContextSource.CALLER, "plan"), "pro"),
        (block(ContextSource.CALLER), (("locale", "en-GB"), ("plan", "pro"), ("region", "eu"))),
        (block(ContextSource.LOCALE), "en-GB"),
        (block(ContextSource.LOCALE, "region"), "eu"),
    ],
    ids=lambda each: f"{each.name} {each.key}" if isinstance(each, ContextBlock) else "",
)
def test_what_the_caller_says_is_not_trusted(declared: ContextBlock, value: ContextValue) -> None:
    context = shown(declared, context=(("locale", "en-GB"), ("plan", "pro"), ("region", "eu")))
    assert context.untrusted == {declared.name: value}
    assert context.trusted == {}


def test_a_block_without_a_key_shows_the_values_that_no_other_block_shows() -> None:
    blocks = (
        block(ContextSource.CALLER),
        block(ContextSource.CALLER, "plan", name="plan"),
        block(ContextSource.LOCALE),
    )
    context = shown(*blocks, context=(("locale", "en"), ("plan", "pro"), ("region", "eu")))
    assert context.untrusted == {"caller": (("region", "eu"),), "plan": "pro", "locale": "en"}


def test_the_texts_of_another_tenant_never_appear() -> None:
    every = [block(source) for source in ContextSource]
    globex = ContextTexts(TenantTexts("Be kind."), TEXTS.tenants)
    assert shown(*every, texts=globex, tenant="globex").trusted == {
        "instructions": "Be kind.",
        "date": "2026-11-27 (Friday)",
    }


def test_a_block_without_a_value_is_left_out() -> None:
    every = [each for source in ContextSource if (each := block(source)).source is not ContextSource.DATE]
    assert shown(*every, texts=NO_TEXTS) == PromptContext({}, {})


def test_two_dates_have_each_its_time_zone() -> None:
    blocks = (block(ContextSource.DATE, "Pacific/Auckland", name="there"), block(ContextSource.DATE, name="here"))
    assert shown(*blocks).trusted == {"there": "2026-11-28 (Saturday)", "here": "2026-11-27 (Friday)"}


def test_the_date_is_that_of_the_beginning_of_the_call() -> None:
    asked = inquiry(block(ContextSource.DATE))
    assert asked.dates == ("2026-11-27 (Friday)",)
    assert dated(inquiry(), NOON).dates == ()


def test_a_text_that_is_too_long_keeps_whole_words_and_says_so() -> None:
    context = shown(block(ContextSource.CALLER, "note", most=2, name="note"), context=(("note", "one two three"),))
    assert context.untrusted == {"note": "one two"}
    assert context.trimmed == (TrimmedBlock("note", 3, 2),)
    assert context.tokens == 2


def test_a_text_of_which_nothing_may_be_kept_is_left_out() -> None:
    declared = block(ContextSource.CALLER, "note", most=2, keep=Keep.NOTHING, name="note")
    context = shown(declared, context=(("note", "one two three"),))
    assert context == PromptContext({}, {}, trimmed=(TrimmedBlock("note", 3, 0),))


def test_an_answer_must_not_say_the_instructions_again() -> None:
    rule = "Name the section of the handbook that a rule about refunds is in."
    texts = ContextTexts(tenants={"acme": TenantTexts(rule)})
    assert LeakCheck(shown(block(ContextSource.INSTRUCTIONS), texts=texts).words, "", ()).leaks(rule)
    assert not LeakCheck(shown(block(ContextSource.GLOSSARY), texts=texts).words, "", ()).leaks(rule)


def test_instructions_are_never_cut() -> None:
    assert shown(block(ContextSource.INSTRUCTIONS, most=1)).trusted == {"instructions": "Answer in two sentences."}


def test_of_a_list_whole_pairs_are_kept() -> None:
    context = shown(block(ContextSource.ENVIRONMENT, most=3))
    assert context.trusted == {"environment": (("REGION", "eu"),)}
    assert context.trimmed == (TrimmedBlock("environment", 4, 2),)


def test_a_glossary_that_fits_is_the_same_for_every_question() -> None:
    one, other = shown(block(ContextSource.GLOSSARY), text="SLA?"), shown(block(ContextSource.GLOSSARY), text="Why?")
    assert one == other
    assert one.varying == frozenset()


@pytest.mark.parametrize(
    ("question", "found"),
    [
        ({"text": "What does our sla say?"}, "SLA"),
        ({"text": "And that?", "standalone": "What are refunds?"}, "refund"),
        ({"text": "And that?", "turns": (Turn(True, "What is the SLA?"),)}, "SLA"),
    ],
)
def test_of_a_longer_one_the_terms_are_shown_that_the_question_mentions(question: dict[str, Any], found: str) -> None:
    context = shown(block(ContextSource.GLOSSARY, most=8), **question)
    assert context.trusted["glossary"] == tuple(each for each in TERMS if each[0] == found)
    assert context.varying == {"glossary"}
    assert [each.name for each in context.trimmed] == ["glossary"]


def test_terms_of_the_passages_are_shown_as_well() -> None:
    passages = (passage("c1", "A refund takes a week."),)
    context = shown(block(ContextSource.GLOSSARY, most=8), text="How long?", passages=passages)
    assert context.trusted == {"glossary": (TERMS[1],)}


def test_a_bounded_block_of_turns_drops_the_oldest() -> None:
    turns = (Turn(True, "one two"), Turn(False, "three four"), Turn(True, "five"))
    asked = inquiry(block(ContextSource.TURNS, most=4, keep=Keep.LAST), turns=turns)
    question, context = prompt_context(asked, (), TEXTS, WORDS)
    assert question.turns == turns[1:]
    assert context == PromptContext({}, {}, trimmed=(TrimmedBlock("turns", 5, 3),), tokens=3)
    assert asked.question.turns == turns


def test_turns_within_their_bound_are_all_shown() -> None:
    turns = (Turn(True, "one two"), Turn(False, "three"))
    question, context = prompt_context(inquiry(block(ContextSource.TURNS, most=3), turns=turns), (), TEXTS, WORDS)
    assert (question.turns, context.trimmed, context.tokens) == (turns, (), 3)


def test_turns_without_a_block_have_a_quarter_of_a_prompt_that_is_bounded() -> None:
    turns = (Turn(True, "one two"), Turn(False, "three four"), Turn(True, "five"))
    asked = inquiry(turns=turns)
    question, context = prompt_context(asked, (), TEXTS, WORDS, room=16)
    assert question.turns == turns[1:]
    assert context.trimmed == (TrimmedBlock("turns", 5, 3),)
    assert prompt_context(asked, (), TEXTS, WORDS, room=20)[0].turns == turns
    assert prompt_context(asked, (), TEXTS, WORDS)[0].turns == turns
    bounded = inquiry(block(ContextSource.TURNS, most=5, keep=Keep.LAST), turns=turns)
    assert prompt_context(bounded, (), TEXTS, WORDS, room=4)[0].turns == turns, "the route says how many"


async def test_the_span_of_the_prompt_says_how_much_it_has_and_what_was_cut_but_no_text() -> None:
    first, both = (sum(map(ESTIMATE.count, texts)) for texts in (("REGION", "eu"), ("REGION", "eu", "STAGE", "live")))
    blocks = (block(ContextSource.INSTRUCTIONS), block(ContextSource.ENVIRONMENT, most=both - 1))
    made = await path([*draft((FIRST, ["p1"])), DONE], context=blocks, texts=TEXTS)
    await made.ask(None)
    attributes = made.spans.attributes("groundwire.prompt")
    assert attributes[names.CONTEXT_BLOCKS] == 2
    assert attributes[names.CONTEXT_TOKENS] == ESTIMATE.count(ACME.instructions) + first
    assert made.spans.events("groundwire.prompt") == [
        {names.CONTEXT_BLOCK: "environment", names.CONTEXT_BLOCK_TOKENS: both, names.CONTEXT_BLOCK_KEPT: first}
    ]
    assert "REGION" not in made.spans.everything()


async def test_a_prompt_without_context_says_nothing_of_it() -> None:
    made = await path([*draft((FIRST, ["p1"])), DONE])
    await made.ask(None)
    assert names.CONTEXT_BLOCKS not in made.spans.attributes("groundwire.prompt")


def test_blocks_share_what_there_is_for_all_of_them_and_the_first_has_its_own() -> None:
    turns = (Turn(True, "one two"), Turn(False, "three four"), Turn(True, "five"))
    blocks = (block(ContextSource.CALLER, most=50), block(ContextSource.TURNS, most=50, keep=Keep.LAST))
    values = (("a", "one two"), ("b", "three four"), ("c", "five six"))
    asked = inquiry(*blocks, turns=turns, context=values)
    whole, _ = prompt_context(asked, (), TEXTS, WORDS)
    assert whole.turns == turns
    question, context = prompt_context(asked, (), TEXTS, WORDS, 200, 30)
    for most in (0, 2, 4, 6, 8, 15):
        _, less = prompt_context(asked, (), TEXTS, WORDS, 200, most)
        assert less.tokens <= most
    assert len(context.untrusted["caller"]) == len(values)
    assert question.turns == turns


@pytest.mark.parametrize("own", [False, True])
@pytest.mark.parametrize("window", [800, 1000, 1500, 2500])
async def test_a_prompt_is_not_too_long_for_its_context(window: int, *, own: bool) -> None:
    # By the window of its model, or by the limit that the prompt has itself.
    built_in = next(each for each in built_in_versions() if each.version == "1.2.1")
    limited = built_in.text.replace("owner:", f"limits: {{max_tokens: {window}}}\nowner:", 1)
    prompts = catalogue(version("1.2.1", limited if own else built_in.text))
    blocks = (block(ContextSource.CALLER, most=500), block(ContextSource.TURNS, most=2000, keep=Keep.LAST))
    turns = tuple(Turn(number % 2 == 0, "word " * 300) for number in range(10))
    values = tuple((f"key{number}", "value " * 100) for number in range(20))
    script: list[Move] = [*draft((FIRST, ["p1"])), DONE]
    tokens = {"model-1": ModelTokens(ESTIMATE, None if own else window)}
    made = await path(script, tokens=tokens, context=blocks, output_tokens=100, prompts=prompts)
    now = asyncio.get_running_loop().time()
    question = ask(turns=turns, context=values)
    outcome = await made.answerer.answer(made.routes.inquiry(question, ALICE, now, Deadline(now + 4.0)), None)
    assert outcome.cause is not Cause.PROMPT_TOO_LONG
    assert outcome.answer is not None
