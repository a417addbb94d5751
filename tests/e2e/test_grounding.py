"""Texts of callers' own, checked over a real server."""

import asyncio
import logging
import threading
from typing import Any

import grpc
import grpc.aio
import pytest
from grpc_status import rpc_status

from groundwire.v1 import document_pb2, passage_pb2, server_info_service_pb2
from groundwire.v1.grounding_pb2 import Verdict
from groundwire.v1.grounding_service_pb2 import CheckGroundingRequest, CheckGroundingResponse, Fact, Facts
from groundwire.v1.grounding_service_pb2_grpc import GroundingServiceStub
from groundwire.v1.report_pb2 import Stage
from groundwire.v1.server_info_service_pb2_grpc import ServerInfoServiceStub
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.vocabulary import Cause
from groundwire_server.edge.decision_log import LOGGER
from tests.e2e.calls import ACME, SECONDS, fields, info, ingest
from tests.e2e.conftest import Product, Serve

DESK = "Parcels are signed for at the front desk in Zürich 🙂 from eight to six."
LOST = "Lost parcels are kept for thirty days in the mail room."
METHOD = "groundwire.v1.GroundingService/CheckGrounding"
SEARCH = passage_pb2.Search()


def facts(*texts: str) -> Facts:
    return Facts(facts=[Fact(fact_id=f"fact-{place}", text=text) for place, text in enumerate(texts, 1)])


async def check(product: Product, text: str, seconds: float = SECONDS, **request: Any) -> list[CheckGroundingResponse]:
    call = GroundingServiceStub(product.channel).CheckGrounding(
        CheckGroundingRequest(text=text, **request), metadata=ACME, timeout=seconds
    )
    return [response async for response in call]


def verdicts(responses: list[CheckGroundingResponse]) -> list[str]:
    return [
        Verdict.Name(response.sentence.sentence.verdict).removeprefix("VERDICT_")
        for response in responses
        if response.HasField("sentence")
    ]


async def test_each_sentence_comes_with_its_verdict_and_the_summary_last(product: Product) -> None:
    text = f"{DESK} Bananas ripen. {LOST}"
    responses = await check(product, text, facts=facts(LOST, DESK))
    assert [response.sequence for response in responses] == [1, 2, 3, 4]
    assert verdicts(responses) == ["VERBATIM", "UNSUPPORTED", "VERBATIM"]
    first, second, third = (response.sentence for response in responses[:3])
    for checked, fact, said in ((first, "fact-2", DESK), (third, "fact-1", LOST)):
        (citation,) = checked.citations
        assert (citation.chunk_id, citation.document_id, citation.quote) == (fact, "", said)
        assert list(checked.sentence.citation_indexes) == [0]
        span = checked.sentence.span
        assert text.encode()[span.start_byte : span.end_byte].decode() == said
        assert text[span.start_code_point : span.end_code_point] == said
        assert citation.span == span
    assert (list(second.citations), list(second.sentence.citation_indexes)) == ([], [])
    summary = responses[-1].summary
    assert (summary.verified, summary.weakest_verdict) == (False, Verdict.VERDICT_UNSUPPORTED)
    assert 0.8 < summary.grounding_score < 1.0
    assert [timing.stage for timing in summary.report.stages] == [Stage.STAGE_NORMALIZE, Stage.STAGE_CHECK]
    assert (summary.report.route, len(summary.report.trace_id)) == ("default", 32)


async def test_a_search_finds_what_the_caller_may_see(product: Product) -> None:
    secret = document_pb2.Document(document_id="secret", text=LOST, allowed_principals=["board"])
    await ingest(product, ("desk", DESK), secret)
    await ingest(product, ("lost", LOST), metadata=(("groundwire-tenant", "globex"), *ACME[1:]))
    responses = await check(product, f"{DESK} {LOST}", search=SEARCH)
    assert verdicts(responses) == ["VERBATIM", "UNSUPPORTED"]
    (citation,) = responses[0].sentence.citations
    assert (citation.document_id, citation.quote) == ("desk", DESK)
    report = responses[-1].summary.report
    assert report.corpus_version
    assert [timing.stage for timing in report.stages] == [
        Stage.STAGE_NORMALIZE,
        Stage.STAGE_RETRIEVE,
        Stage.STAGE_CHECK,
    ]


async def test_a_filter_narrows_the_search(product: Product) -> None:
    await ingest(product, ("desk", DESK))
    search = passage_pb2.Search(top_k=1)
    search.filter.equals.key, search.filter.equals.value.string_value = "team", "none"
    assert verdicts(await check(product, DESK, search=search)) == ["UNSUPPORTED"]


REFUSED: list[tuple[str, dict[str, Any], dict[str, str]]] = [
    ("no text", {"text": ""}, {"text": "at least 1"}),
    ("64 KiB and a byte", {"text": "x" * 65_537}, {"text": "at most 65536 bytes"}),
    ("no evidence", {"facts": None}, {"evidence": "required"}),
    ("no fact", {"facts": Facts()}, {"facts.facts": "at least 1"}),
    ("201 facts", {"facts": facts(*["x"] * 201)}, {"facts.facts": "no more than 200"}),
    ("20,000 facts", {"facts": facts(*["x"] * 20_000)}, {"facts.facts": "no more than 200"}),
    ("fact without text", {"facts": facts("x", "")}, {"facts.facts[1].text": "at least 1"}),
    ("10,001 characters", {"facts": facts("ü" * 10_001)}, {"facts.facts[0].text": "at most 10000"}),
    ("fact without an id", {"facts": Facts(facts=[Fact(text="x")])}, {"facts.facts[0].fact_id": "pattern"}),
    ("one id twice", {"facts": Facts(facts=[Fact(fact_id="a", text="x")] * 2)}, {"facts.facts": "unique"}),
    ("top_k 65", {"facts": None, "search": passage_pb2.Search(top_k=65)}, {"search.top_k": "less than or equal to 64"}),
    ("a question over the contract's limit", {"question": "x" * 4097}, {"question": "at most 4096"}),
    ("a question over the route's limit", {"question": "x" * 2001}, {"question": "at most 2000 code points"}),
    ("a blank question", {"question": " \n"}, {"question": "more than white space"}),
    ("a malformed route", {"route": "No such!"}, {"route": "pattern"}),
]


@pytest.mark.parametrize(("request_", "named"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
async def test_a_bad_request_is_refused_with_every_field(
    product: Product, request_: dict[str, Any], named: dict[str, str]
) -> None:
    whole: dict[str, Any] = {"text": "So it is.", "facts": facts("So it is.")} | request_
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await check(product, whole.pop("text"), **whole)
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert info(caught.value).reason == "INVALID_REQUEST"
    status = rpc_status.from_call(caught.value)
    assert status is not None
    found = fields(status)
    assert found.keys() == named.keys()
    assert all(said in found[field] for field, said in named.items())


async def test_half_a_character_is_no_message(product: Product) -> None:
    whole = CheckGroundingRequest(text="So it is. ???", facts=facts("So it is."))
    surrogate = whole.SerializeToString().replace(b"???", "\ud83d".encode("utf-8", "surrogatepass"))
    unparsed: Any = product.channel.unary_stream(f"/{METHOD}")
    call = unparsed(surrogate, metadata=ACME, timeout=SECONDS)
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call.read()
    assert info(caught.value).reason == "INVALID_REQUEST"


async def test_an_unknown_route_is_not_found(product: Product) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await check(product, "So it is.", facts=facts("So it is."), route="faq")
    assert (caught.value.code(), info(caught.value).reason) == (grpc.StatusCode.NOT_FOUND, "ROUTE_UNKNOWN")


STANDS, FALLS, NEITHER = {"VERBATIM", "CONSISTENT"}, {"UNSUPPORTED", "CONTRADICTED"}, {"NOT_A_CLAIM"}
MIXED = "Посылки 荷物 and parcels wait in Zürich."
HEBREW = "החבילות נשמרות שלושים יום."
LONG = f"{'Parcels wait in the mail room and ' * 120}so on."
UNUSUAL = [
    ("white space", " \n\t ", [LOST], 0, set()),
    ("rules alone", "---\n***\n", [LOST], 0, set()),
    ("signs alone", "!!!", [LOST], 1, FALLS | NEITHER),
    ("markup alone", '<br/><a href="https://evil.example/"></a>', [LOST], 1, FALLS | NEITHER),
    ("facts of white space", "Bananas ripen.", [" \n"], 1, FALLS),
    ("facts of markup", "Bananas ripen.", ["<p></p>", "<!-- -->"], 1, FALLS),
    ("mixed scripts", MIXED, [LOST, MIXED], 1, {"VERBATIM"}),
    ("right to left", HEBREW, [LOST, HEBREW], 1, {"VERBATIM"}),
    ("another language", HEBREW, [LOST], 1, FALLS),
    ("a sentence of 4,000 characters", LONG, [LONG], 9, STANDS),
    ("a fact of one word", "word", ["word " * 2000], 1, STANDS | FALLS),
    ("a text of one word", "word " * 13_000, ["word " * 2000] * 200, 130, STANDS | FALLS),
    ("64 KiB without a full stop", "x" * 65_536, [LOST], 132, FALLS),
    ("64 KiB of short lines", "Fox.\n" * 2000, [LOST] * 200, 2000, FALLS),
    ("combining marks", "e\u0301" * 400, ["e\u0301" * 400], 2, STANDS | FALLS | NEITHER),
    ("format characters", "\u202eParcels\u202c wait.", ["Parcels wait."], 1, STANDS | FALLS),
]


@pytest.mark.parametrize(
    ("text", "evidence", "sentences", "allowed"), [row[1:] for row in UNUSUAL], ids=[row[0] for row in UNUSUAL]
)
async def test_an_unusual_text_gets_verdicts(
    product: Product, text: str, evidence: list[str], sentences: int, allowed: set[str]
) -> None:
    responses = await check(product, text, facts=facts(*evidence), seconds=60.0)
    assert len(responses) == sentences + 1
    assert set(verdicts(responses)) <= allowed
    summary = responses[-1].summary
    assert 0.0 <= summary.grounding_score <= 1.0
    assert bool(summary.weakest_verdict) == bool(set(verdicts(responses)) - NEITHER)


async def test_a_store_that_is_down_is_unavailable(serve: Serve) -> None:
    class Down:
        async def search(self, *asked: object) -> Any:
            raise Failure(Cause.STORE_UNAVAILABLE)

    async with serve(retriever=Down()) as product:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await check(product, DESK, search=SEARCH)
    assert (caught.value.code(), info(caught.value).reason) == (grpc.StatusCode.UNAVAILABLE, "STORE_UNAVAILABLE")


async def test_other_calls_are_served_while_a_long_text_is_checked(product: Product) -> None:
    text = " ".join(f"Parcel {number} waits in room {number} for {number} days." for number in range(1200))
    checking = asyncio.create_task(check(product, text, facts=facts(text[:10_000], text[10_000:20_000]), seconds=60))
    server = ServerInfoServiceStub(product.channel)
    served = 0
    while not checking.done():
        await server.GetServerInfo(server_info_service_pb2.GetServerInfoRequest(), metadata=ACME, timeout=SECONDS)
        served += 1
    assert len(verdicts(checking.result())) == 1200
    assert served > 10


async def test_a_server_that_has_stopped_leaves_no_thread(serve: Serve) -> None:
    before = set(threading.enumerate())
    async with serve() as product:
        await check(product, DESK, facts=facts(DESK))
        checking = [thread for thread in set(threading.enumerate()) - before if thread.name.startswith("check")]
        assert len(checking) == 1
    checking[0].join(SECONDS)
    assert not checking[0].is_alive()


async def _events(caplog: pytest.LogCaptureFixture, count: int) -> list[dict[str, Any]]:
    for _ in range(1000):
        events = [vars(record) for record in caplog.records if record.name == LOGGER]
        checks = [event for event in events if event["method"] == METHOD]
        if len(checks) >= count:
            return checks
        await asyncio.sleep(0.01)
    raise AssertionError("there is no event")


async def test_a_check_leaves_one_event_that_agrees_with_its_summary(
    product: Product, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, LOGGER)
    responses = await check(product, f"{DESK} Bananas ripen.", facts=facts(LOST, DESK))
    (event,) = await _events(caplog, 1)
    assert (event["status"], event["route"]) == ("OK", "default")
    assert (event["verdicts"], event["citations"]) == ({"VERBATIM": 1, "UNSUPPORTED": 1}, 1)
    assert event["grounding_score"] == round(responses[-1].summary.grounding_score, 3)
    assert list(event["stages_ms"]) == ["NORMALIZE", "CHECK"]
    assert "outcome" not in event
    attributes = product.spans.attributes(METHOD)
    assert attributes["groundwire.grounding_score"] == responses[-1].summary.grounding_score


async def test_a_caller_that_leaves_ends_its_check(product: Product, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, LOGGER)
    request = CheckGroundingRequest(text="Fox.\n" * 10_000, facts=facts(LOST, DESK))
    call = GroundingServiceStub(product.channel).CheckGrounding(request, metadata=ACME, timeout=60)
    assert await call.read()
    call.cancel()
    (event,) = await _events(caplog, 1)
    assert event["status"] == "CANCELLED"
    assert "verdicts" not in event
    assert verdicts(await check(product, DESK, facts=facts(DESK))) == ["VERBATIM"]
