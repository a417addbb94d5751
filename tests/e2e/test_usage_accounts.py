"""The accounts of usage agree with the sum of the replies and with the metrics, whatever became of the calls."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import grpc
import grpc.aio
import pytest
from google.longrunning import operations_pb2
from google.longrunning.operations_pb2_grpc import OperationsStub
from google.protobuf.duration_pb2 import Duration
from grpc_status import rpc_status

from groundwire.v1 import (
    answer_service_pb2,
    grounding_service_pb2,
    outcome_pb2,
    passage_pb2,
    report_pb2,
    retrieval_service_pb2,
    usage_service_pb2,
)
from groundwire.v1.erasure_pb2 import ErasedPlaceKind, ErasureTarget
from groundwire.v1.grounding_service_pb2_grpc import GroundingServiceStub
from groundwire.v1.record_service_pb2 import EraseRecordsRequest
from groundwire.v1.record_service_pb2_grpc import RecordServiceStub
from groundwire.v1.retrieval_service_pb2_grpc import RetrievalServiceStub
from groundwire.v1.usage_service_pb2_grpc import UsageServiceStub
from groundwire_server.app.serve import Running
from groundwire_server.telemetry import names
from tests.doubles.checking_model import said
from tests.doubles.upstream import Beat, Reply, Stall, Upstream, upstream
from tests.e2e.calls import ACME, SECONDS, answer, fields, info, ingest, question, stream
from tests.e2e.generation.conftest import ROUTE, model, provider
from tests.e2e.generation.drafts import DOCUMENTS, SECOND, SENTENCE, answers, segments, writes
from tests.e2e.telemetry.serving import Stubs, serving

RETOLD = "Lambda expressions create functions."
DOWN = Reply([], "503 Service Unavailable")
BEGUN = Reply([*writes(*segments(SENTENCE))[:3], Beat(), Stall()])
REPAIRED = [answers("Bananas ripen quickly."), answers()]
Amounts: TypeAlias = "Counter[tuple[str, ...]]"
"""By model, purpose and what is counted: `input`, `output`, or the currency of millionths."""


def sections(folder: Path, writer: Upstream, other: Upstream, checker: Upstream) -> dict[str, Any]:
    settings: dict[str, Any] = {"retry": {"max_attempts": 1}, "breaker": {"min_calls": 10_000}}
    return {
        "server": {"drain": {"notice_seconds": 0, "grace_seconds": 0}},
        "records": {"url": f"sqlite:///{folder}/records.sqlite3"},
        "queue": {"poll_seconds": 0.02, "backoff_seconds": 0.05, "max_backoff_seconds": 0.05},
        "providers": {"cloud": provider(writer), "house": provider(other), "panel": provider(checker)},
        "models": {
            "large": model(price={"input": 3, "output": 15, "cached": 0.3}, **settings),
            "small": model("house", price={"input": 1, "output": 2}, **settings),
        },
        "spending": {"currency": "EUR"},
        "answer_cache": {"kind": "memory"},
        "checkers": {"panel": {"kind": "decisions", "provider": "panel", "model": "m"}},
        "routes": {
            "default": {
                **ROUTE,
                "models": ["large", "small"],
                "checker": "panel",
                "cache": {"serve_fresh": True},
                "fallbacks": {"UNSUPPORTED": ["REPAIR", "ABSTAIN"]},
            },
            "compared": {**ROUTE, "models": ["large"], "shadow": {"model": "small", "share": 1, "daily_limit": 1}},
        },
    }


@dataclass
class Served:
    """A server with its accounts."""

    running: Running
    channel: grpc.aio.Channel
    writer: Upstream
    replies: list[report_pb2.Report] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.stubs = Stubs(self.channel)

    def replied(self, outcome: outcome_pb2.Outcome) -> outcome_pb2.Outcome:
        self.replies.append(outcome.report)
        return outcome

    async def query(self, metadata: tuple[tuple[str, str], ...] = ACME, **asked: Any) -> Any:
        request = usage_service_pb2.QueryUsageRequest(**asked)
        return await UsageServiceStub(self.channel).QueryUsage(request, metadata=metadata, timeout=SECONDS)

    async def accounts(self) -> Amounts:
        """What the accounts hold once all is written."""
        usage = self.running.process.usage
        assert usage is not None
        assert await usage.book.write()
        by = [usage_service_pb2.USAGE_DIMENSION_MODEL, usage_service_pb2.USAGE_DIMENSION_PURPOSE]
        return of((await self.query(group_by=by)).rows)

    def metrics(self) -> Amounts:
        """What the metrics of the tenant have counted."""
        counted: Amounts = Counter()
        for family in self.running.telemetry.metrics.registry.collect():
            for sample in family.samples:
                if sample.labels.get("groundwire_tenant") != "acme":
                    continue
                place = sample.labels["groundwire_model"], sample.labels["groundwire_purpose"]
                if sample.name == "groundwire_tokens_total":
                    counted[*place, sample.labels["gen_ai_token_type"]] += round(sample.value)
                if sample.name == "groundwire_cost_total":
                    counted[*place, sample.labels[names.CURRENCY.replace(".", "_")]] += round(sample.value * 1e6)
        return +counted


def of(usages: Iterable[Any]) -> Amounts:
    """What rows of the accounts, or reports' usages, say."""
    counted: Amounts = Counter()
    for each in usages:
        purpose = report_pb2.Usage.Purpose.Name(each.purpose).removeprefix("PURPOSE_")
        counted[each.model, purpose, "input"] += each.input_tokens
        counted[each.model, purpose, "output"] += each.output_tokens
        counted[each.model, purpose, each.currency] += each.cost_micros
    return +counted


@asynccontextmanager
async def served(folder: Path, writes: list[Reply], others: list[Reply]) -> AsyncIterator[Served]:
    """Serve with a model that plays replies, another that stands in, and a checker."""
    judged = said(
        {"answers": [{"type": "predicate", "name": "s1", "probability": 0.97}], "usage": {"input_tokens": 90}}
    )
    async with AsyncExitStack() as stack:
        doubles = [await stack.enter_async_context(upstream(*each)) for each in (writes, others, [judged])]
        running = await stack.enter_async_context(serving(folder, sections(folder, *doubles)))
        channel = await stack.enter_async_context(grpc.aio.insecure_channel(running.address))
        made = Served(running, channel, doubles[0])
        await ingest(made.stubs, *DOCUMENTS)
        yield made


async def test_the_accounts_are_the_sum_of_the_replies(tmp_path: Path) -> None:
    """Answers, repairs, fallbacks, abstentions, streams, queued questions and earlier answers, some asked together."""
    retold = answers(RETOLD)
    replies = [answers(), retold, *REPAIRED, DOWN, answers("Bananas."), answers("Bananas."), answers(), answers(), DOWN]
    async with served(tmp_path, replies, [answers()]) as made:
        outcomes = [
            made.replied(await answer(made.stubs, question(f"What do lambda expressions create, {n}?")))
            for n in range(5)
        ]
        kinds = [each.WhichOneof("result") for each in outcomes]
        assert kinds == ["answered", "answered", "answered", "degraded", "degraded"]
        # Together: one run, whose usage each of its callers is told.
        asked = question("What do lambda expressions create together?")
        first, _ = await asyncio.gather(*(answer(made.stubs, asked, request_id="together") for _ in range(2)))
        made.replied(first)
        assert made.replied(await answer(made.stubs, asked)).WhichOneof("result") == "cached"
        events = await stream(made.stubs, question("What do lambda expressions create in a stream?"))
        made.replied(events[-1].outcome)
        request = answer_service_pb2.SubmitAnswerRequest(question=question("What do lambda expressions create later?"))
        operation = await made.stubs.answers.SubmitAnswer(request, metadata=ACME, timeout=SECONDS)
        waited = operations_pb2.WaitOperationRequest(name=operation.name, timeout=Duration(seconds=int(SECONDS)))
        done = await OperationsStub(made.channel).WaitOperation(waited, metadata=ACME, timeout=2 * SECONDS)
        response = answer_service_pb2.AnswerResponse()
        assert done.response.Unpack(response), done
        made.replied(response.outcome)
        counted = await made.accounts()
        assert counted == of(each for report in made.replies for each in report.usage)
        assert counted == made.metrics()
    assert {purpose for _, purpose, _ in counted} == {"ANSWER", "REPAIR", "CHECK"}
    assert {model for model, _, _ in counted} == {"large", "small", "panel"}


async def test_what_calls_consumed_that_failed_were_left_or_have_no_report_is_counted_too(tmp_path: Path) -> None:
    replies = [answers(), BEGUN, BEGUN, answers(), answers(RETOLD)]
    async with served(tmp_path, replies, [answers(SECOND)]) as made:
        asked = answer_service_pb2.AnswerRequest(question=question(route="compared"))
        await made.stubs.answers.Answer(asked, metadata=ACME, timeout=SECONDS)
        await until(lambda: ("small", "SHADOW", "input") in made.metrics())
        left = asyncio.create_task(stream(made.stubs, question("What do lambda expressions create once one has left?")))
        await until(lambda: len(made.writer.requests) == 2)
        left.cancel()
        late = await answer(made.stubs, question("What do lambda expressions create too slowly?"), seconds=0.5)
        assert late.WhichOneof("result") != "answered"
        text = grounding_service_pb2.CheckGroundingRequest(text=RETOLD, search=passage_pb2.Search())
        assert [each async for each in GroundingServiceStub(made.channel).CheckGrounding(text, metadata=ACME)]
        found = retrieval_service_pb2.RetrieveRequest(text="lambda expressions")
        await RetrievalServiceStub(made.channel).Retrieve(found, metadata=ACME, timeout=SECONDS)
        await until(lambda: not made.running.process.runs.active)
        counted = await made.accounts()
        assert counted == made.metrics()
    assert {purpose for _, purpose, _ in counted} == {"ANSWER", "SHADOW", "CHECK"}


async def until(happened: Callable[[], bool]) -> None:
    for _ in range(1000):
        if happened():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it has not happened")


async def test_an_erased_subject_has_no_name_in_the_accounts_and_the_numbers_stay(tmp_path: Path) -> None:
    async with served(tmp_path, [answers()], [answers()]) as made:
        await answer(made.stubs)
        before = made.metrics()
        request = EraseRecordsRequest(target=ErasureTarget(subject="alice"))
        receipt = (await RecordServiceStub(made.channel).EraseRecords(request, metadata=ACME, timeout=SECONDS)).receipt
        assert receipt.complete
        (place,) = (each for each in receipt.places if each.kind == ErasedPlaceKind.ERASED_PLACE_KIND_USAGE)
        assert place.count == 1
        (row,) = (await made.query(group_by=[usage_service_pb2.USAGE_DIMENSION_SUBJECT])).rows
        assert row.subject.startswith("erased-")
        assert await made.accounts() == before


async def test_a_tenant_sees_its_own_accounts_alone(tmp_path: Path) -> None:
    async with served(tmp_path, [answers()], [answers()]) as made:
        await answer(made.stubs)
        assert await made.accounts()
        other = (("groundwire-tenant", "globex"), ("groundwire-subject", "alice"))
        assert not (await made.query(other)).rows


async def test_pages_are_of_the_days_and_the_request_of_the_first(tmp_path: Path) -> None:
    async with served(tmp_path, [answers()], [answers()]) as made:
        await answer(made.stubs)
        await made.accounts()
        by = list(usage_service_pb2.UsageDimension.values())[1:]
        whole = await made.query(group_by=by)
        assert len(whole.rows) == 1
        first = await made.query(group_by=by, page_size=1)
        assert list(first.rows) == list(whole.rows)
        rest = await made.query(group_by=by, page_size=1, page_token=first.next_page_token)
        assert (list(rest.rows), rest.next_page_token) == ([], "")
        for changed in (
            {"group_by": by[:1]},
            {"group_by": by, "route": "faq"},
            {"group_by": by, "first_day": "2026-01-01"},
        ):
            with pytest.raises(grpc.aio.AioRpcError) as refused:
                await made.query(page_token=first.next_page_token, **changed)
            assert info(refused.value).reason == "INVALID_REQUEST"


@pytest.mark.parametrize(
    ("asked", "place"),
    [
        ({"first_day": "2026-02-30"}, "first_day"),
        ({"last_day": "2026-13-01"}, "last_day"),
        ({"last_day": "yesterday"}, "last_day"),
        ({"first_day": "2026-02-02", "last_day": "2026-02-01"}, "last_day"),
        ({"first_day": "2025-01-01", "last_day": "2026-02-05"}, "first_day"),
        ({"group_by": [1, 1]}, "group_by"),
        ({"group_by": [0]}, "group_by[0]"),
        ({"group_by": [17]}, "group_by[0]"),
        ({"subject": "a\0b"}, "subject"),
        ({"model": "a\nb"}, "model"),
        ({"route": "No Route"}, "route"),
        ({"page_size": -1}, "page_size"),
        ({"page_token": "abc"}, "page_token"),
    ],
)
async def test_what_cannot_be_asked_is_refused_with_what_to_change(
    tmp_path: Path, asked: dict[str, Any], place: str
) -> None:
    async with served(tmp_path, [answers()], [answers()]) as made:
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await made.query(**asked)
        status = rpc_status.from_call(refused.value)
        assert status is not None
        assert list(fields(status)) == [place]


async def test_the_most_days_can_be_asked_for(tmp_path: Path) -> None:
    async with served(tmp_path, [answers()], [answers()]) as made:
        assert not (await made.query(first_day="2025-01-01", last_day="2026-02-04")).rows
