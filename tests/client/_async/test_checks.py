"""Checks of texts, against a server on a port."""

import pytest
from google.rpc import code_pb2

import groundwire
from groundwire.v1.grounding_pb2 import Verdict
from tests.client._aio import until
from tests.doubles.events import sentence, summary
from tests.doubles.service import LOST, UNAVAILABLE, End, Failure, FakeService, Once, UntilCancelled

TEXT = "So it is. So it was."
FIRST, SECOND = sentence(Verdict.VERDICT_VERBATIM, 0, 9), sentence(Verdict.VERDICT_UNSUPPORTED, 10, 20)
SUMMARY = summary(Verdict.VERDICT_UNSUPPORTED, 0.5)
WHOLE = (FIRST, SECOND, SUMMARY)


async def test_a_check_yields_each_sentence_and_the_summary_last(
    client: groundwire.Client, service: FakeService
) -> None:
    service.checks[TEXT] = WHOLE
    responses = [response async for response in client.check(TEXT, facts=["So it is."], question="Is it?", route="faq")]
    assert [response.sequence for response in responses] == [1, 2, 3]
    assert [response.WhichOneof("event") for response in responses] == ["sentence", "sentence", "summary"]
    request = service.calls[0].request
    assert (request.text, request.question, request.route) == (TEXT, "Is it?", "faq")


async def test_facts_that_are_texts_are_named_by_their_place(client: groundwire.Client, service: FakeService) -> None:
    own = groundwire.Fact(fact_id="handbook", title="Handbook", text="So it was.")
    _ = [response async for response in client.check(TEXT, facts=["So it is.", own])]
    facts = service.calls[0].request.facts.facts
    assert [(fact.fact_id, fact.title, fact.text) for fact in facts] == [
        ("1", "", "So it is."),
        ("handbook", "Handbook", "So it was."),
    ]


async def test_without_facts_the_documents_are_searched(client: groundwire.Client, service: FakeService) -> None:
    _ = [response async for response in client.check(TEXT, top_k=3)]
    request = service.calls[0].request
    assert request.WhichOneof("evidence") == "search"
    assert request.search.top_k == 3


async def test_no_facts_at_all_are_not_taken_for_a_search(client: groundwire.Client, service: FakeService) -> None:
    _ = [response async for response in client.check(TEXT, facts=[])]
    assert service.calls[0].request.WhichOneof("evidence") == "facts"


async def test_facts_and_a_setting_of_the_search_are_refused(client: groundwire.Client) -> None:
    with pytest.raises(ValueError, match="leave out top_k"):
        client.check(TEXT, facts=["So it is."], top_k=3)


async def test_leaving_the_iteration_ends_the_check(client: groundwire.Client, service: FakeService) -> None:
    service.checks[TEXT] = (FIRST, UntilCancelled())
    checking = client.check(TEXT, facts=["So it is."])
    async for response in checking:
        assert response.HasField("sentence")
        break
    await checking.aclose()
    assert await until(service.cancelled)


async def test_what_was_lost_before_the_first_sentence_is_asked_for_again(
    client: groundwire.Client, service: FakeService
) -> None:
    await client.retrieve("reach the server")
    service.checks[TEXT] = (Once(LOST), *WHOLE)
    responses = [response async for response in client.check(TEXT, facts=["So it is."])]
    assert [response.sequence for response in responses] == [1, 2, 3]
    assert [call.method for call in service.calls] == ["Retrieve", "CheckGrounding", "CheckGrounding"]


@pytest.mark.parametrize("ending", [LOST, End()], ids=["lost", "ended before its summary"])
async def test_a_check_that_breaks_off_is_an_error(
    client: groundwire.Client, service: FakeService, ending: Failure | End
) -> None:
    service.checks[TEXT] = (FIRST, ending)
    checking = client.check(TEXT, facts=["So it is."])
    assert (await anext(checking)).sequence == 1
    with pytest.raises(groundwire.Error) as caught:
        await anext(checking)
    assert caught.value.connection_lost
    assert len(service.calls) == 1


async def test_a_refused_check_says_why(client: groundwire.Client, service: FakeService) -> None:
    service.refused = Failure(code_pb2.INVALID_ARGUMENT, "facts.facts: must contain no more", "INVALID_REQUEST")
    with pytest.raises(groundwire.Error) as caught:
        _ = [response async for response in client.check(TEXT, facts=["So it is."])]
    assert caught.value.reason == "INVALID_REQUEST"


async def test_a_server_that_is_unavailable_is_not_waited_for_without_end(
    client: groundwire.Client, service: FakeService
) -> None:
    service.checks[TEXT] = (UNAVAILABLE,)
    with pytest.raises(groundwire.Error) as caught:
        _ = [response async for response in client.check(TEXT, facts=["So it is."])]
    assert caught.value.reason == "STORE_UNAVAILABLE"
