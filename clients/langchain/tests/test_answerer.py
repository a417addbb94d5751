"""Answers in a chain keep their typed outcome, and are streamed as they come."""

import asyncio
from collections.abc import Callable
from functools import reduce
from operator import add
from typing import Any

import grpc
import pytest
from langchain_core._api import LangChainBetaWarning
from langchain_core.documents import Document
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage
from langchain_core.runnables import ConfigurableField, RunnableLambda, RunnablePassthrough

import groundwire
from langchain_groundwire import Answer, GroundwireAnswerer, GroundwireRetriever
from langchain_groundwire.questions import question_of

QUESTION = "Who may sign for parcels?"
ANSWER = "Only the porter may sign for parcels."


@pytest.fixture
def answerer(clients: groundwire.Clients) -> GroundwireAnswerer:
    return GroundwireAnswerer(clients=clients)


def whole(pieces: list[Answer]) -> Answer:
    """Return the pieces of a stream as one, once the outcome was found where it belongs."""
    assert [piece.outcome is None for piece in pieces] == [*[True] * (len(pieces) - 1), False]
    return reduce(add, pieces)


async def test_every_way_to_ask_gives_the_same_answer(answerer: GroundwireAnswerer) -> None:
    answers = [
        await asyncio.to_thread(answerer.invoke, QUESTION),
        await answerer.ainvoke({"question": QUESTION}),
        whole(await asyncio.to_thread(lambda: list(answerer.stream(QUESTION)))),
        whole([piece async for piece in answerer.astream(QUESTION)]),
        *await asyncio.to_thread(answerer.batch, [QUESTION, QUESTION]),
        *await answerer.abatch([QUESTION, QUESTION], {"max_concurrency": 1}),
    ]

    for answer in answers:
        assert ANSWER in answer.text
        assert str(answer) == answer.text
        assert isinstance(answer.outcome, groundwire.Answered | groundwire.Cached)
        assert answer.outcome.text == answer.text
        assert answer.outcome.next_step is groundwire.NextStep.SHOW
        assert any(ANSWER in citation.quote for citation in answer.outcome.citations)


@pytest.mark.parametrize(
    ("route", "question", "kind", "step"),
    [
        ("default", "How tall is the Eiffel tower?", groundwire.Abstained, groundwire.NextStep.REPHRASE),
        ("degrading", QUESTION, groundwire.Degraded, groundwire.NextStep.SHOW_WITH_CAUTION),
        ("failing", QUESTION, groundwire.FailedSafe, groundwire.NextStep.RETRY_AFTER),
    ],
)
async def test_what_was_planned_for_is_an_outcome(
    clients: groundwire.Clients, route: str, question: str, kind: type[Any], step: groundwire.NextStep
) -> None:
    answerer = GroundwireAnswerer(clients=clients, route=route)

    for answer in (answerer.invoke(question), await answerer.ainvoke(question), whole(list(answerer.stream(question)))):
        assert answer.text == ""
        assert answer.outcome is not None
        assert str(answer).startswith(f"No answer: {answer.outcome.kind}, {answer.outcome.cause}")
        assert isinstance(answer.outcome, kind)
        assert answer.outcome.next_step is step


async def test_a_failed_call_raises_with_its_reason(clients: groundwire.Clients) -> None:
    answerer = GroundwireAnswerer(clients=clients, route="unknown")

    with pytest.raises(groundwire.Error) as failed:
        answerer.invoke(QUESTION)
    assert failed.value.code is grpc.StatusCode.NOT_FOUND
    with pytest.raises(groundwire.Error):
        list(answerer.stream(QUESTION))
    with pytest.raises(groundwire.Error):
        _ = [piece async for piece in answerer.astream(QUESTION)]


def seconds(answer: Answer) -> float:
    """Return the time that the server had, by what it gave to its stages."""
    assert answer.outcome is not None
    return max(stage.budget.ToTimedelta().total_seconds() for stage in answer.outcome.report.stages)


async def test_a_timeout_is_the_deadline_of_the_call(clients: groundwire.Clients) -> None:
    answerer = GroundwireAnswerer(clients=clients)
    configurable = answerer.configurable_fields(timeout=ConfigurableField(id="timeout"))
    three: Any = {"configurable": {"timeout": 3}}

    for answer in (
        GroundwireAnswerer(clients=clients, timeout=3).invoke(QUESTION),
        answerer.invoke(QUESTION, timeout=3),
        answerer.bind(timeout=3).invoke(QUESTION),
        configurable.invoke(QUESTION, three),
        whole(list(configurable.stream(QUESTION, three))),
        await (RunnablePassthrough[Any]() | configurable).ainvoke(QUESTION, three),
    ):
        assert 2.5 < seconds(answer) < 3.5  # the wire carries few digits
    for answer in (answerer.invoke(QUESTION), configurable.invoke(QUESTION)):
        assert 15 < seconds(answer) < 20.5


def test_a_stream_that_is_left_is_ended(answerer: GroundwireAnswerer, clients: groundwire.Clients) -> None:
    pieces = answerer.stream(QUESTION)
    assert next(iter(pieces)).text
    assert "1 streams open" in repr(clients.sync)

    del pieces

    assert "0 streams open" in repr(clients.sync)


async def test_a_stream_of_asyncio_that_is_left_is_ended(
    answerer: GroundwireAnswerer, clients: groundwire.Clients
) -> None:
    pieces: Any = answerer.astream(QUESTION)
    assert (await anext(pieces)).text
    assert "1 streams open" in repr(clients.aio)

    await pieces.aclose()

    assert "0 streams open" in repr(clients.aio)


def test_a_retriever_before_it_gives_the_passages(answerer: GroundwireAnswerer, clients: groundwire.Clients) -> None:
    retriever = GroundwireRetriever(clients=clients)
    chain = {"context": retriever, "question": RunnablePassthrough()} | answerer

    answer = chain.invoke(QUESTION)

    assert answer.outcome is not None
    assert ANSWER in answer.text
    assert answer.outcome.citations[0].chunk_id in {document.id for document in retriever.invoke(QUESTION)}
    assert answer.outcome.citations[0].source_uri == "https://docs.example/desk.md"


def test_documents_from_elsewhere_are_named_by_their_place(answerer: GroundwireAnswerer) -> None:
    context = [
        Document("The moon is far away."),
        Document("Bicycles are kept in the shed.", metadata={"source": "shed.txt"}),
    ]

    answer = answerer.invoke({"question": "Where are bicycles kept?", "context": context})

    assert isinstance(answer.outcome, groundwire.Answered)
    assert [(each.chunk_id, each.source_uri) for each in answer.outcome.citations] == [("2", "shed.txt")]


def test_no_context_is_not_a_search(answerer: GroundwireAnswerer) -> None:
    with pytest.raises(groundwire.Error) as failed:
        answerer.invoke({"question": QUESTION, "context": []})

    assert failed.value.reason == "INVALID_REQUEST"


def arm(answer: Answer) -> str:
    """Return the arm of the experiment that an answer belongs to."""
    assert answer.outcome is not None
    return answer.outcome.report.experiment_arm


async def test_an_end_user_keeps_an_arm_of_the_experiment(clients: groundwire.Clients) -> None:
    answerer = GroundwireAnswerer(clients=clients, route="knowing")
    configurable = answerer.configurable_fields(end_user_id=ConfigurableField(id="end_user_id"))
    visitor: Any = {"configurable": {"end_user_id": "visitor-1"}}

    arms = {
        arm(GroundwireAnswerer(clients=clients, route="knowing", end_user_id="visitor-1").invoke(QUESTION)),
        arm(answerer.invoke(QUESTION, end_user_id="visitor-1")),
        arm(await answerer.ainvoke(QUESTION, end_user_id="visitor-1")),
        arm(whole(list(configurable.stream(QUESTION, visitor)))),
    }

    assert len(arms) == 1
    assert arms <= {"new-prompt/control", "new-prompt/candidate"}
    assert arm(answerer.invoke(QUESTION)) == ""
    visitors: Any = [{"configurable": {"end_user_id": f"visitor-{number}"}} for number in range(12)]
    answers = configurable.batch([QUESTION] * 12, visitors)
    assert {arm(answer) for answer in answers} == {"new-prompt/control", "new-prompt/candidate"}


async def test_values_of_the_caller_reach_the_route(clients: groundwire.Clients) -> None:
    values = {"plan": "pro", "locale": "no language"}
    answerer = GroundwireAnswerer(clients=clients, route="knowing", context=values)
    configurable = answerer.configurable_fields(context=ConfigurableField(id="context"))

    with pytest.raises(groundwire.Error) as failed:
        answerer.invoke(QUESTION)
    assert [violation.field for violation in failed.value.violations] == ["question.context[locale]"]
    with pytest.raises(groundwire.Error):
        await GroundwireAnswerer(clients=clients, route="knowing").ainvoke(QUESTION, context=values)
    assert ANSWER in answerer.invoke(QUESTION, context={"plan": "pro", "locale": "en-GB"}).text
    assert ANSWER in configurable.invoke(QUESTION, {"configurable": {"context": {}}}).text


def test_values_in_place_of_documents_are_refused(answerer: GroundwireAnswerer) -> None:
    with pytest.raises(ValueError, match=r"answerer\.invoke\(question, context="):
        answerer.invoke({"question": QUESTION, "context": {"plan": "pro"}})


def test_an_agent_reads_the_answer_or_why_there_is_none(answerer: GroundwireAnswerer) -> None:
    with pytest.warns(LangChainBetaWarning):
        tool = answerer.as_tool(name="handbook", description="the handbook", arg_types={"question": str})

    assert ANSWER in str(tool.invoke({"question": QUESTION}))
    assert "next step REPHRASE" in str(tool.invoke({"question": "How tall is the Eiffel tower?"}))


def test_history_is_sent_as_earlier_turns() -> None:
    history = [
        SystemMessage("Be brief."),
        *[HumanMessage(f"Question {n}") for n in range(14)],
        AIMessage(""),
        AIMessage([{"type": "text", "text": "At the front desk."}]),
        ("human", "And parcels?"),
    ]

    question, passages = question_of({"question": "Who may sign for them?", "history": history})

    assert passages is None
    assert [turn.text for turn in question.turns] == [
        *[f"Question {n}" for n in range(14)],
        "At the front desk.",
        "And parcels?",
    ]
    assert [turn.role for turn in question.turns] == [1] * 14 + [2, 1]


def test_of_a_long_history_the_last_turns_are_sent(answerer: GroundwireAnswerer) -> None:
    history = [HumanMessage(f"Message {n}") for n in range(20)]

    assert [turn.text for turn in question_of({"question": "Who?", "history": history})[0].turns] == [
        f"Message {n}" for n in range(4, 20)
    ]
    assert answerer.invoke({"question": QUESTION, "history": history}).outcome is not None


@pytest.mark.parametrize("given", [{}, {"query": "who?"}, {"question": "who?", "k": 3}])
def test_a_dictionary_of_other_keys_is_refused(answerer: GroundwireAnswerer, given: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="'question', 'context' and 'history'"):
        answerer.invoke(given)


def test_a_filter_narrows_the_search(answerer: GroundwireAnswerer, topic: Callable[[str], Any]) -> None:
    answer = answerer.invoke(QUESTION, filter=topic("cars"))

    assert isinstance(answer.outcome, groundwire.Abstained)


async def test_a_chain_passes_the_pieces_on_as_they_come(answerer: GroundwireAnswerer) -> None:
    chain = RunnablePassthrough[Any]() | answerer | RunnableLambda(str)
    streamed = [event async for event in answerer.astream_events(QUESTION, version="v2")]

    assert ANSWER in await chain.ainvoke(QUESTION)
    assert ANSWER in "".join(event["data"]["chunk"].text for event in streamed if event["event"] == "on_chain_stream")
