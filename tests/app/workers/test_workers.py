"""Workers as processes: how they begin, end, are restarted and replaced, and what is one for all of them."""

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc.aio
import psutil
import pytest

from groundwire.v1 import answer_service_pb2, document_service_pb2, retrieval_service_pb2
from groundwire_server.adapters.authentication import key_file
from groundwire_server.app.clock import SystemClock
from groundwire_server.domain.caller import Caller, Role
from tests.doubles.upstream import Reply, Until, upstream
from tests.doubles.workers import PATIENCE, Through, Workers, redis, start, workers
from tests.e2e.calls import ACME, info, ingest, kept_text, kinds, open_document, question
from tests.e2e.generation.conftest import one_model
from tests.e2e.generation.drafts import SENTENCE, answers, segments, writes
from tests.redis_server import needs_redis

pytestmark = [needs_redis, pytest.mark.process, pytest.mark.slow]

RUN = "request-1"


async def _find(through: Through, text: str) -> list[str]:
    request = retrieval_service_pb2.RetrieveRequest(text=text)
    found = await through.retrieval.Retrieve(request, metadata=ACME, timeout=PATIENCE)
    return [passage.document_id for passage in found.passages]


async def _gone(pids: Iterable[int]) -> None:
    """Wait until none of the processes runs any more."""
    running = [psutil.Process(pid) for pid in pids if psutil.pid_exists(pid)]
    _, left = await asyncio.to_thread(psutil.wait_procs, running, PATIENCE)
    assert not left


async def _rest(call: Any) -> list[Any]:
    """Read a stream to its end; it was read before, and so cannot be iterated over."""
    events: list[Any] = []
    while (event := await call.read()) is not grpc.aio.EOF:
        events.append(event)
    return events


async def test_workers_serve_one_port_and_end_with_their_server(tmp_path: Path) -> None:
    async with redis() as url, workers(tmp_path, url) as server:
        pids = dict(server.pids)
        assert list(pids) == [1, 2]
        async with server.each() as each:
            await ingest(each[0], ("lambdas", SENTENCE))
            # What one worker stores, the other finds with its next search.
            assert [await _find(through, "lambda") for through in each] == [["lambdas"]] * 2
            await ingest(each[1], ("generators", "Generators yield values lazily."))
            assert [await _find(through, "generators") for through in each] == [["generators"]] * 2
        assert "acme" not in " ".join(part for pid in pids.values() for part in psutil.Process(pid).cmdline())

        for arguments in (
            ("--listen", server.address, "--data", str(tmp_path / "other")),
            ("--data", str(tmp_path / "data")),
        ):
            second = await start(*arguments)
            _, said = await asyncio.wait_for(second.communicate(), PATIENCE)
            assert second.returncode == 4
            assert len(said.splitlines()) == 1
            assert b"another server" in said or b"another groundwire server" in said

        server.process.send_signal(signal.SIGTERM)
        assert await server.ended() == 0
    assert {line["worker"] for line in server.lines if line["message"] == "draining" and "worker" in line} == {1, 2}
    assert not [line for line in server.lines if "time" not in line], "only lines of the log are written"
    await _gone(pids.values())


async def test_a_killed_worker_is_restarted_while_the_other_serves(tmp_path: Path) -> None:
    async with redis() as url, workers(tmp_path, url) as server:
        before = dict(server.pids)
        async with server.each() as each:
            os.kill(before[1], signal.SIGKILL)
            assert await _find(each[1], "anything") == []
        await server.logged("a worker serves", worker=1, times=2)
        assert server.pids[2] == before[2]
        assert server.pids[1] != before[1]
        async with server.each() as each:
            assert [await _find(through, "anything") for through in each] == [[], []]
    (line,) = await server.logged("a worker has ended; it is restarted")
    assert line["why"] == "worker 1 was ended by signal 9"


async def test_a_killed_server_takes_its_workers_with_it_and_leaves_its_folder_free(tmp_path: Path) -> None:
    async with redis() as url:
        async with workers(tmp_path, url) as server:
            pids = list(server.pids.values())
            os.kill(server.process.pid, signal.SIGKILL)
            await server.ended()
            await _gone(pids)
        async with workers(tmp_path, url) as server, server.each() as each:
            assert await _find(each[0], "anything") == []


async def test_a_changed_file_replaces_the_workers_and_a_wrong_one_touches_none(tmp_path: Path) -> None:
    file = tmp_path / "groundwire.yaml"
    async with redis() as url, workers(tmp_path, url) as server:
        before = dict(server.pids)
        valid = json.loads(file.read_text())

        def write(sections: dict[str, Any]) -> None:
            file.write_text(json.dumps(sections))
            server.process.send_signal(signal.SIGHUP)

        write({**valid, "routes": {"faq": {"models": ["unknown"], "store": "main"}}})
        (line,) = await server.logged("the new configuration is invalid; the old one stays in use")
        assert "routes.faq.models[0]: there is no model of this name" in line["why"]
        write({**valid, "server": {"listen": "127.0.0.1:1"}, "redis": None})
        assert dict(server.pids) == before

        calling, calls, dropped = True, 0, 0

        async def call() -> None:
            nonlocal calls, dropped
            async with grpc.aio.insecure_channel(server.address) as channel:
                while calling:
                    try:
                        assert await _find(Through(channel), "anything") == []
                        calls += 1
                    except grpc.aio.AioRpcError as error:
                        # gRPC ends a call that it has not handed over when its server stops.
                        if error.code() is not grpc.StatusCode.CANCELLED:
                            raise
                        dropped += 1

        caller = asyncio.create_task(call())
        route = {"models": ["extractive"], "store": "main"}
        write({**valid, "routes": {"default": route, "faq": route}})
        await server.logged("the new configuration is in use")
        calling = False
        await caller
        # One caller loses at most one call to each worker that is replaced.
        assert calls
        assert dropped <= len(before)
        assert set(server.pids) == {1, 2}
        assert not set(server.pids.values()) & set(before.values())
        await _gone(before.values())
        order = [
            (line["message"], line["worker"])
            for line in server.lines
            if line["message"] in {"a worker serves", "stopped"}
        ]
        assert order[2:] == [("a worker serves", 1), ("stopped", 1), ("a worker serves", 2), ("stopped", 2)]


async def test_a_key_that_is_revoked_is_refused_by_every_worker_with_its_next_call(tmp_path: Path) -> None:
    keys, now = tmp_path / "keys.json", SystemClock().today()
    key, secret = key_file.new_key(Caller("acme", "alice", frozenset({"staff"}), frozenset({Role.READER})), now, None)
    with key_file.changing(keys) as stored:
        stored[key.key_id] = key
    metadata = (("groundwire-api-key", secret),)
    request = retrieval_service_pb2.RetrieveRequest(text="anything")
    file = {"authentication": {"api_keys": {"file": str(keys)}}}
    async with redis() as url, workers(tmp_path, url, file=file) as server, server.each() as each:
        for through in each:
            await through.retrieval.Retrieve(request, metadata=metadata, timeout=PATIENCE)
        with key_file.changing(keys) as stored:
            stored[key.key_id] = key_file.revoked(key, now)
        for through in each:
            with pytest.raises(grpc.aio.AioRpcError) as refused:
                await through.retrieval.Retrieve(request, metadata=metadata, timeout=PATIENCE)
            assert refused.value.code() is grpc.StatusCode.UNAUTHENTICATED


@asynccontextmanager
async def _answering(tmp_path: Path, *replies: Reply) -> AsyncIterator[tuple[Workers, list[Through], Any]]:
    """Two workers whose model is a double, with a connection to each."""
    async with (
        redis() as url,
        upstream(*replies) as model,
        workers(tmp_path, url, file=one_model(model)) as server,
        server.each() as each,
    ):
        await ingest(each[0], ("lambdas", SENTENCE))
        yield server, list(each), model


def _stream(through: Through, **fields: Any) -> Any:
    request = answer_service_pb2.StreamAnswerRequest(question=question(), request_id=RUN, **fields)
    return through.answers.StreamAnswer(request, metadata=ACME, timeout=PATIENCE)


async def test_a_run_of_one_worker_is_joined_and_resumed_through_another(tmp_path: Path) -> None:
    go_on = asyncio.Event()
    reply = Reply(writes(*segments(SENTENCE)))
    held = Reply([Until(go_on), *reply.body])
    async with _answering(tmp_path, held, answers()) as (_, each, model):
        first, joined = (_stream(through, resume_window={"seconds": 60}) for through in each)
        begun = await first.read()
        assert (await joined.read()).SerializeToString() == begun.SerializeToString()
        await model.busy(1)
        go_on.set()
        events = [[begun, *await _rest(call)] for call in (first, joined)]
        assert kinds(events[0]) == kinds(events[1])
        assert kept_text(events[1]) == SENTENCE
        resumed = [event async for event in _stream(each[1], after_sequence=2)]
        assert [event.sequence for event in resumed] == [event.sequence for event in events[0][2:]]
        assert len(model.requests) == 1


async def test_an_answer_is_cancelled_through_another_worker(tmp_path: Path) -> None:
    async with _answering(tmp_path, Reply([Until()])) as (_, each, model):
        running = _stream(each[0])
        await running.read()
        await model.busy(1)
        cancelled = await each[1].answers.CancelAnswer(
            answer_service_pb2.CancelAnswerRequest(request_id=RUN), metadata=ACME, timeout=PATIENCE
        )
        assert cancelled.cancelled
        with pytest.raises(grpc.aio.AioRpcError) as ended:
            await _rest(running)
        assert info(ended.value).reason == "CANCELLED"
        await asyncio.wait_for(model.idle.wait(), PATIENCE)
        again = await each[1].answers.CancelAnswer(
            answer_service_pb2.CancelAnswerRequest(request_id=RUN), metadata=ACME, timeout=PATIENCE
        )
        assert not again.cancelled


async def test_those_who_follow_a_run_of_a_killed_worker_are_told_to_ask_again(tmp_path: Path) -> None:
    async with _answering(tmp_path, Reply([Until()]), answers()) as (server, each, model):
        running = _stream(each[0], resume_window={"seconds": 60})
        await running.read()
        await model.busy(1)
        following = _stream(each[1], resume_window={"seconds": 60})
        await following.read()
        os.kill(server.pids[1], signal.SIGKILL)
        with pytest.raises(grpc.aio.AioRpcError) as ended:
            await _rest(following)
        assert (ended.value.code(), info(ended.value).reason) == (grpc.StatusCode.UNAVAILABLE, "RUN_UNREACHABLE")
        # The same request id begins anew.
        again = [event async for event in _stream(each[1], resume_window={"seconds": 60})]
        assert kept_text(again) == SENTENCE


async def test_what_several_workers_write_to_one_store_is_whole(tmp_path: Path) -> None:
    async with redis() as url, workers(tmp_path, url) as server, server.each() as each:

        async def write(through: Through, name: str) -> list[int]:
            documents = [
                open_document("shared", f"Version {number} of {name} speaks of parcels.") for number in range(20)
            ]
            return [result.revision for result in await ingest(through, *documents)]

        revisions = await asyncio.gather(*(write(through, name) for through, name in zip(each, "ab", strict=True)))
        # Each change of either has a revision of its own, and they grow.
        assert sorted(revisions[0] + revisions[1]) == list(range(1, 41))
        assert [sorted(own) for own in revisions] == list(revisions)
        stored = [
            await through.documents.GetDocument(
                document_service_pb2.GetDocumentRequest(document_id="shared"), metadata=ACME, timeout=PATIENCE
            )
            for through in each
        ]
        assert stored[0].SerializeToString() == stored[1].SerializeToString()
