"""What a model is shown in the place of personal data, and what its reply is made of it."""

import json
from collections.abc import Sequence
from contextlib import aclosing

import pytest

from groundwire_server.adapters.generator.masking import MaskingGenerator
from groundwire_server.adapters.guards.masking import Masker
from groundwire_server.adapters.prompts.catalogue import built_in_prompts
from groundwire_server.domain.answer import CheckedSegment, Citation, Span
from groundwire_server.domain.deadline import NEVER
from groundwire_server.domain.evidence import Passage
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.generation import Draft, GenerationRequest, Prompt
from groundwire_server.domain.question import Question, Turn
from groundwire_server.domain.refused import Departure, RefusedSentence
from groundwire_server.domain.requester import Requester
from groundwire_server.domain.vocabulary import Cause, ConflictKind
from groundwire_server.ports.prompts import PromptInputs
from tests.doubles.generator import DONE, Move, ScriptedGenerator, draft, letters
from tests.doubles.local_guard import PatternGuard

MASKER = Masker(
    [
        PatternGuard(email=r"\w+@\w+\.org", number=r"(?<![^\W_])\d{6,}(?![^\W_])"),
        PatternGuard(address=r'\d \w+ Lane,?\s"?\w+"?'),
    ]
)
PROMPTS = built_in_prompts()
MARK = "123456789012"
"""All digits, as a mark may be."""


def prompt(question: str = "Who is ann@x.org?", repair_of: Draft | None = None) -> Prompt:
    passages = [Passage("c1", "Write to bob@x.org or ann@x.org.", title="About ann@x.org"), Passage("c2", "No. 777777")]
    turns = (Turn(by_user=True, text="And 777777?"), Turn(by_user=False, text="It is bob@x.org."))
    asked = Question("default", question, "request-1", turns=turns)
    return PROMPTS.render("answer", "", PromptInputs(asked, passages, MARK, repair_of))


def asked(prompt: Prompt) -> GenerationRequest:
    return GenerationRequest("alias", Requester("tenant"), prompt, 500)


async def shown(prompt: Prompt) -> Prompt:
    """What the inner generator is shown."""
    inner = ScriptedGenerator([DONE])
    await written(inner, prompt)
    return inner.requests[0].prompt


async def written(inner: ScriptedGenerator, prompt: Prompt) -> str:
    async with aclosing(MaskingGenerator(inner, MASKER).generate(asked(prompt), NEVER)) as pieces:
        *texts, last = [piece async for piece in pieces]
    assert last == DONE
    return "".join(map(str, texts))


async def test_all_of_others_is_masked_and_the_fences_stay() -> None:
    given = prompt()
    sent = (await shown(given)).user
    for words in ("ann@x.org", "bob@x.org", "777777"):
        assert words in given.user
        assert words not in sent
    assert sent.count(MARK) == given.user.count(MARK)
    assert sent.startswith(f'Mark: {MARK}\n<turn-{MARK} by="user">And [NUMBER_1]?</turn-{MARK}>')
    assert f"<title-{MARK}>About [EMAIL_2]</title-{MARK}>\nWrite to [EMAIL_1] or [EMAIL_2].\n" in sent
    assert f"No. [NUMBER_1]\n</passage-{MARK}>" in sent
    assert sent.endswith(f"<question-{MARK}>Who is [EMAIL_2]?</question-{MARK}>")


async def test_the_model_is_told_what_placeholders_are_where_there_are_some() -> None:
    given = prompt()
    sent = await shown(given)
    assert sent.system.startswith(given.system)
    assert "write it exactly as it stands" in sent.system


async def test_what_only_this_process_uses_is_not_handed_on() -> None:
    sent = await shown(prompt())
    assert (sent.question, sent.handles) == ("", {})


async def test_a_prompt_without_anything_to_mask_stays() -> None:
    given = Prompt("answer", "1", "system", "user Where do parcels wait?", "Where?", {}, mark=MARK)
    inner = ScriptedGenerator(["a [EMAIL_1] b", DONE])
    assert await written(inner, given) == "a [EMAIL_1] b"
    assert inner.requests[0].prompt.system == "system"
    assert inner.requests[0].prompt.user == given.user


async def test_a_prompt_without_a_mark_is_masked_as_a_whole() -> None:
    sent = await shown(Prompt("rewrite", "1", "system", "Who is ann@x.org?", "", {}))
    assert sent.user == "Who is [EMAIL_1]?"


async def test_a_repair_sees_the_same_placeholders_in_its_draft() -> None:
    refused = json.dumps({"segments": [{"text": "It is ann@x.org, not eve@x.org."}]})
    first, again = await shown(prompt()), await shown(prompt(repair_of=Draft(refused, Cause.UNSUPPORTED)))
    assert again.user.startswith(first.user)
    assert "It is [EMAIL_2], not [EMAIL_3]." in again.user


async def test_words_that_are_escaped_in_a_draft_have_the_placeholder_of_the_passage() -> None:
    where = '5 Mill Lane\n"Upton"'
    refused = json.dumps({"segments": [{"text": f"At {where}."}]})
    passage = Passage("c3", f"She lives at {where}.")
    asked = Question("default", "Where?", "request-1")
    inputs = PromptInputs(asked, [passage], MARK, Draft(refused, Cause.UNSUPPORTED))
    given = PROMPTS.render("answer", "", inputs)
    sent = (await shown(given)).user
    assert "She lives at [ADDRESS_1]." in sent
    assert '"At [ADDRESS_1]."' in sent
    assert "Upton" not in sent


async def test_parts_of_words_that_are_masked_do_not_stand_alone() -> None:
    departures = (Departure(ConflictKind.NUMBER, "7777", "222 of them"),)
    refused = RefusedSentence("No. 777777", Passage("c2", "No. 777777"), departures)
    sent = (await shown(prompt(repair_of=Draft("{}", Cause.CONTRADICTED, refused)))).user
    assert f"<draft-{MARK}>[NUMBER_1]</draft-{MARK}> The passage says: <given-{MARK}>222 of them<" in sent


async def test_a_reply_that_was_begun_is_masked_in_its_strings_and_its_correction() -> None:
    where = '5 Mill Lane\n"Upton"'
    span = Span(0, 1, 0, 1, 0, 1)
    passage = Passage("c1", f"Ann (ann@x.org) lives at {where}.")
    given = CheckedSegment(f"She lives at {where}.", span, (Citation(passage, "She", span),), ())
    refused = RefusedSentence("It is bob@x.org.", passage, ())
    draft_of = Draft("It is bob@x.org.", Cause.UNSUPPORTED, refused)
    asked = Question("default", "Where?", "request-1")
    inputs = PromptInputs(asked, [passage], MARK, draft_of, [given])
    begun = (await shown(PROMPTS.render("answer", "", inputs))).begun
    assert begun is not None
    assert json.loads(begun.written + "]}") == {
        "confidence": "medium",
        "segments": [{"text": "She lives at [ADDRESS_1].", "cites": ["p1"]}],
    }
    assert f"<draft-{MARK}>\nIt is [EMAIL_2].\n</draft-{MARK}>" in begun.correction
    assert "Ann ([EMAIL_1]) lives at [ADDRESS_1]." in begun.correction
    assert begun.written.startswith(begun.opening)


async def test_keys_of_a_reply_that_was_begun_stay_whatever_is_masked() -> None:
    span = Span(0, 1, 0, 1, 0, 1)
    passage = Passage("c1", "Write to text@x.org or segments@x.org.")
    given = CheckedSegment("Write to text@x.org.", span, (Citation(passage, "Write", span),), ())
    refused = RefusedSentence("It is bob@x.org.", passage, ())
    draft_of = Draft("It is bob@x.org.", Cause.UNSUPPORTED, refused)
    asked = Question("default", "Where?", "request-1")
    inputs = PromptInputs(asked, [passage], MARK, draft_of, [given])
    begun = (await shown(PROMPTS.render("answer", "", inputs))).begun
    assert begun is not None
    assert json.loads(begun.written + "]}")["segments"] == [{"text": "Write to [EMAIL_1].", "cites": ["p1"]}]


@pytest.mark.parametrize("split", [list, letters])
async def test_originals_are_in_the_draft_however_it_is_split(split: object) -> None:
    pieces = draft(("Ann is [EMAIL_2], Bob is [email 1].", ["p1"]), ("[NUMBER_1]", ["p2"]), ("[EMAIL_7]", ["p2"]))
    moves: Sequence[Move] = [*split(pieces), DONE]  # type: ignore[operator]
    reply = json.loads(await written(ScriptedGenerator(moves), prompt()))
    texts = [segment["text"] for segment in reply["segments"]]
    assert texts == ["Ann is ann@x.org, Bob is bob@x.org.", "777777", "[EMAIL_7]"]


async def test_originals_are_escaped_in_json() -> None:
    given = Prompt("answer", "1", "system", 'She lives at 5 Mill Lane\n"Upton".', "", {})
    reply = await written(ScriptedGenerator(['{"text": "[ADDR', 'ESS_1]"}', DONE]), given)
    assert json.loads(reply)["text"] == '5 Mill Lane\n"Upton"'


async def test_a_placeholder_at_the_end_is_put_back_before_the_finish() -> None:
    inner = ScriptedGenerator(["It is EMAIL_2", DONE])
    assert await written(inner, prompt()) == "It is ann@x.org"


async def test_a_failure_passes_and_closing_ends_the_inner_generator() -> None:
    failing = MaskingGenerator(ScriptedGenerator(["It", Failure(Cause.MODEL_INTERRUPTED)]), MASKER)
    with pytest.raises(Failure, match="MODEL_INTERRUPTED"):
        _ = [piece async for piece in failing.generate(asked(prompt()), NEVER)]
    inner = ScriptedGenerator(["It", " is", DONE])
    pieces = MaskingGenerator(inner, MASKER).generate(asked(prompt()), NEVER)
    await anext(pieces)
    await pieces.aclose()
    assert inner.closed == 1
