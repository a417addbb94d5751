"""Answers on their screen: masked, blocked, and shown as they grow."""

import pytest

from groundwire_server.domain.answer import Citation
from groundwire_server.domain.event import Retraction
from groundwire_server.domain.failure import Rejection
from groundwire_server.domain.guards.finding import Flag, GuardActions, PolicyBlock
from groundwire_server.domain.outcome import Answered, Blocked, Degraded
from groundwire_server.domain.vocabulary import Action, Cause, GuardAction, Loss, NextStep, Screen, StreamMode
from groundwire_server.pipeline.screening.guards import PlacedGuard, ScreenGuards
from groundwire_server.ports.guard import LocalGuard
from tests.doubles.generator import DONE, ScriptedGenerator, draft, letters
from tests.doubles.sink import RecordingSink
from tests.pipeline.running import FIRST, SECOND, THIRD, deltas, kept, path
from tests.pipeline.screening.guarding import IDENTITY, LocalContext, LocalPhrases, LocalWords, RemoteWords, guards

ANSWER = Screen.ANSWER
TWO = draft((FIRST, ["p1"]), (f"{SECOND} {THIRD}", ["p1"]))
NAIVE = "naïve"
MODES = pytest.mark.parametrize("mode", [None, *StreamMode])


def model(pieces: list[str] | None = None) -> ScriptedGenerator:
    return ScriptedGenerator([*letters(pieces or TWO), DONE])


@MODES
async def test_a_placeholder_stands_in_and_every_span_is_where_its_words_are(mode: StreamMode | None) -> None:
    screens = guards(LocalWords(email=NAIVE), GuardAction.MASK, ANSWER)
    made = await path(model(), screens=screens, mode=mode or StreamMode.CHECKED)
    sink = None if mode is None else RecordingSink()
    outcome = await made.ask(sink)
    result = outcome.result
    assert isinstance(result, Degraded)
    assert (result.losses, outcome.cause) == ((Loss.TEXT_MASKED,), Cause.ANSWER_FORBIDDEN)
    assert (outcome.action, outcome.next_step) == (Action.ANSWER, NextStep.SHOW_WITH_CAUTION)
    answer = result.answer
    assert answer is not None
    hidden = FIRST.replace(NAIVE, "[email]")
    assert answer.text == f"{hidden} {SECOND} {THIRD}"
    assert [answer.text[s.span.start_code_point : s.span.end_code_point] for s in answer.sentences] == [
        hidden,
        SECOND,
        THIRD,
    ]
    (mask,) = answer.masks
    assert (answer.text[mask.span.start_code_point : mask.span.end_code_point], mask.category) == ("[email]", "email")
    assert answer.text.encode()[mask.span.start_byte : mask.span.end_byte] == b"[email]"
    assert [(each.quote, each.masked) for each in answer.citations] == [
        (hidden, True),
        (f"{SECOND} {THIRD}", False),
    ]
    assert answer.verified, "the verdict is that of the text before"
    if sink is not None:
        assert kept(sink) == answer.text
        assert NAIVE not in "".join(deltas(sink))
        assert not any(isinstance(event, Retraction) for event in sink.events)
        assert NAIVE not in "".join(event.quote for event in sink.events if isinstance(event, Citation))


async def test_a_guard_that_a_screen_has_twice_is_for_each_tenant_as_lenient_as_it_says() -> None:
    strict = GuardActions(GuardAction.BLOCK)
    lenient = GuardActions(GuardAction.BLOCK, unless_shown=frozenset({"email"}), tenants=frozenset({"globex"}))
    guard: LocalGuard = LocalWords(email=NAIVE)
    uses = ScreenGuards(tuple(PlacedGuard(IDENTITY, actions, guard) for actions in (strict, lenient)))
    made = await path(model(), screens={ANSWER: uses})
    assert isinstance((await made.ask(None)).result, Blocked)


async def test_a_route_may_say_that_masking_is_no_loss() -> None:
    screens = guards(LocalWords(email=NAIVE), GuardAction.MASK, ANSWER)
    outcome = await (await path(model(), screens=screens, masking_is_loss=False)).ask(None)
    assert isinstance(outcome.result, Answered)
    assert len(outcome.result.answer.masks) == 1


async def test_what_a_passage_shown_has_may_be_allowed() -> None:
    screens = guards(LocalWords(email=NAIVE), GuardAction.BLOCK, ANSWER, unless_shown=frozenset({"email"}))
    outcome = await (await path(model(), screens=screens)).ask(None)
    assert isinstance(outcome.result, Answered)


async def test_what_a_passage_shown_has_in_other_letters_may_be_allowed() -> None:
    pieces = draft(("Lambda expressions yield NAI\u0308VE functions.", ["p1"]))
    guard = LocalPhrases(email="NA\u00cfVE functions")
    screens = guards(guard, GuardAction.MASK, ANSWER, unless_shown=frozenset({"email"}))
    outcome = await (await path(model(pieces), screens=screens)).ask(None)
    assert isinstance(outcome.result, Answered)


async def test_a_blocked_answer_leaves_nothing() -> None:
    screens = guards(LocalWords(email="names"), GuardAction.BLOCK, ANSWER)
    outcome = await (await path(model(), screens=screens)).ask(None)
    assert outcome.result == Blocked(PolicyBlock(IDENTITY, "email"))
    assert outcome.report.flags == {Flag(ANSWER, IDENTITY, "email", GuardAction.BLOCK): 1}


async def test_of_a_stream_what_has_left_stands_and_the_rest_does_not_come() -> None:
    screens = guards(LocalWords(email="names"), GuardAction.BLOCK, ANSWER)
    sink = RecordingSink()
    outcome = await (await path(model(), screens=screens)).ask(sink)
    assert isinstance(outcome.result, Degraded)
    assert (outcome.action, outcome.cause) == (Action.CUT_SHORT, Cause.ANSWER_FORBIDDEN)
    assert kept(sink) == FIRST


async def test_a_row_may_ask_for_a_repair() -> None:
    made = await path(
        ScriptedGenerator([*draft((f"{SECOND} {THIRD}", ["p1"])), DONE], [*draft((FIRST, ["p1"])), DONE]),
        screens=guards(LocalWords(email="names"), GuardAction.BLOCK, ANSWER),
        fallbacks={Cause.ANSWER_FORBIDDEN: (Action.REPAIR, Action.BLOCK)},
    )
    outcome = await made.ask(None)
    assert isinstance(outcome.result, Answered)
    assert outcome.result.answer.text == FIRST


async def test_what_a_provisional_stream_shows_never_has_a_word_that_is_masked_later() -> None:
    screens = guards(LocalWords(email=NAIVE, key="expression."), GuardAction.MASK, ANSWER)
    sink = RecordingSink()
    outcome = await (await path(model(), screens=screens, mode=StreamMode.PROVISIONAL)).ask(sink)
    assert len(deltas(sink)) > 5, "word by word"
    assert NAIVE not in "".join(deltas(sink))
    assert "expression." not in "".join(deltas(sink))
    assert outcome.answer is not None
    assert kept(sink) == outcome.answer.text


@pytest.mark.parametrize("guard", [LocalPhrases(email=NAIVE), RemoteWords(email=NAIVE)], ids=["phrase", "remote"])
@pytest.mark.parametrize("action", [GuardAction.MASK, GuardAction.BLOCK])
async def test_a_guard_that_needs_sentences_and_a_provisional_stream_do_not_go_together(
    guard: LocalWords | RemoteWords, action: GuardAction
) -> None:
    made = await path(model(), screens=guards(guard, action, ANSWER), mode=StreamMode.PROVISIONAL)
    with pytest.raises(Rejection) as caught:
        await made.ask(RecordingSink())
    (violation,) = caught.value.violations
    assert "must be CHECKED" in violation.description


async def test_one_that_only_flags_does() -> None:
    made = await path(
        model(), screens=guards(RemoteWords(email=NAIVE), GuardAction.FLAG, ANSWER), mode=StreamMode.PROVISIONAL
    )
    sink = RecordingSink()
    assert isinstance((await made.ask(sink)).result, Answered)
    assert NAIVE in "".join(deltas(sink))


async def test_a_secret_over_two_segments_is_seen_as_one() -> None:
    pieces = draft((FIRST, ["p1"]), (SECOND, ["p1"]))
    made = await path(model(pieces), screens=guards(LocalWords(key="functions. Their"), GuardAction.MASK, ANSWER))
    outcome = await made.ask(None)
    assert outcome.answer is not None
    assert outcome.answer.text == f"{FIRST}[key] {SECOND.removeprefix('Their ')}", "what left first cannot be masked"


async def test_a_guard_outside_sees_each_segment_by_itself() -> None:
    guard = RemoteWords(email="nothing")
    made = await path(model(), screens=guards(guard, GuardAction.BLOCK, ANSWER))
    assert isinstance((await made.ask(None)).result, Answered)
    assert [text.strip() for request in guard.requests for text in request.texts] == [FIRST, f"{SECOND} {THIRD}"]


async def test_what_the_segment_before_names_is_not_shown_in_a_provisional_stream() -> None:
    pieces = draft((FIRST, ["p1"]), (SECOND, ["p1"]))
    sink = RecordingSink()
    guard = LocalContext(key=r"functions\.\s+Their (?P<found>bodies)")
    screens = guards(guard, GuardAction.MASK, ANSWER)
    await (await path(model(pieces), screens=screens, mode=StreamMode.PROVISIONAL)).ask(sink)
    assert "bodies" not in "".join(deltas(sink))
    assert kept(sink) == f"{FIRST} Their [key] hold one expression."


@pytest.mark.parametrize("action", [GuardAction.MASK, GuardAction.BLOCK])
async def test_what_a_quote_has_beyond_the_answer_has_a_placeholder(action: GuardAction) -> None:
    pieces = draft(("Lambda expressions yield functions.", ["p1"]))
    screens = guards(LocalWords(email=NAIVE), action, ANSWER)
    sink = RecordingSink()
    outcome = await (await path(model(pieces), screens=screens)).ask(sink)
    assert isinstance(outcome.result, Answered), "the text itself has none"
    assert [(each.quote, each.masked) for each in outcome.result.answer.citations] == [
        (FIRST.replace(NAIVE, "[email]"), True)
    ]
    assert NAIVE not in "".join(event.quote for event in sink.events if isinstance(event, Citation))


async def test_a_quote_keeps_what_the_route_allows_or_only_flags() -> None:
    pieces = draft(("Lambda expressions yield functions.", ["p1"]))
    for action, shown in ((GuardAction.FLAG, frozenset[str]()), (GuardAction.MASK, frozenset({"email"}))):
        screens = guards(LocalWords(email=NAIVE), action, ANSWER, unless_shown=shown)
        outcome = await (await path(model(pieces), screens=screens)).ask(None)
        assert isinstance(outcome.result, Answered)
        assert [(each.quote, each.masked) for each in outcome.result.answer.citations] == [(FIRST, False)]


@MODES
async def test_what_only_the_passage_names_has_a_placeholder_in_the_answer(mode: StreamMode | None) -> None:
    pieces = draft(("Expressions yield naïve functions.", ["p1"]))
    guard = LocalContext(key="Lambda expressions yield (?P<found>naïve)")
    made = await path(model(pieces), screens=guards(guard, GuardAction.MASK, ANSWER), mode=mode or StreamMode.CHECKED)
    sink = None if mode is None else RecordingSink()
    outcome = await made.ask(sink)
    assert outcome.answer is not None
    assert outcome.answer.text == "Expressions yield [key] functions."
    if sink is not None:
        assert NAIVE not in "".join(deltas(sink))


async def test_what_a_passage_is_about_does_not_count_in_the_answer() -> None:
    topic = LocalContext(topic="Lambda expressions yield (?P<found>naïve)")
    topic.finds_data = False
    pieces = draft(("Expressions yield naïve functions.", ["p1"]))
    outcome = await (await path(model(pieces), screens=guards(topic, GuardAction.BLOCK, ANSWER))).ask(None)
    assert isinstance(outcome.result, Answered)


async def test_what_stands_is_compared_as_it_was_written() -> None:
    wrong = "Their bodies hold 77 expressions."
    script = ScriptedGenerator(
        [*draft((FIRST, ["p1"]), (wrong, ["p1"])), DONE], [*draft((FIRST, ["p1"]), (SECOND, ["p1"])), DONE]
    )
    made = await path(script, screens=guards(LocalWords(email=NAIVE), GuardAction.MASK, ANSWER))
    outcome = await made.ask(None)
    assert outcome.answer is not None
    assert outcome.answer.text == f"{FIRST.replace(NAIVE, '[email]')} {SECOND}", "the first sentence is not there twice"
