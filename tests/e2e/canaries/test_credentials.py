"""Credentials are seen nowhere: those that are let in, those that are not, and the server's own."""

import asyncio
import logging
import os
import signal
import sys
from asyncio.subprocess import PIPE
from pathlib import Path

import grpc.aio
import pytest

from groundwire.v1 import answer_service_pb2
from groundwire.v1.answer_service_pb2_grpc import AnswerServiceStub
from groundwire_server.adapters.authentication import key_file
from tests.doubles.canaries import Canaries
from tests.e2e.calls import ACME, question
from tests.e2e.canaries.observed import Seen, observed

METADATA = (
    (("authorization", "Bearer {}"),),
    (("authorization", "Basic {}"),),
    (("authorization", "{}"),),
    (("authorization", "Bearer eyJhbGciOiJub25lIn0.{}.e30"),),
    (("groundwire-api-key", "{}"),),
    (("groundwire-api-key", "gw_{}_{}"),),
    (("groundwire-api-key", "gw_000000000000_{}"),),
    (("groundwire-api-key", "{}"), ("authorization", "Bearer {}")),
    (("groundwire-tenant", "acme"), ("groundwire-subject", "{}"), ("groundwire-principals", "{}")),
    (("cookie", "session={}"), ("x-forwarded-for", "{}"), ("groundwire-end-user", "{}")),
)


@pytest.mark.parametrize("authenticated", [False, True], ids=["open", "authenticated"])
async def test_no_credential_of_a_caller_is_seen(tmp_path: Path, *, authenticated: bool) -> None:
    canaries, seen = Canaries(), Seen()
    keys = tmp_path / "keys.json"
    with key_file.changing(keys):
        pass
    sections = {"authentication": {"api_keys": {"file": str(keys)}}} if authenticated else {}
    async with observed(tmp_path, sections, seen) as product:
        for place, entries in enumerate(METADATA):
            word = canaries.word(f"metadata {place}")
            metadata = [(name, value.replace("{}", word)) for name, value in entries]
            asked = answer_service_pb2.AnswerRequest(question=question())
            await product.call(product.answers.Answer, asked, metadata)
    assert len(seen.events) == len(METADATA)
    assert seen.leaks(canaries) == set()


async def test_an_exception_that_nobody_takes_is_logged_without_its_words(tmp_path: Path) -> None:
    canaries, seen = Canaries(), Seen()

    async def fails() -> None:
        raise ValueError(canaries.text("an exception"))

    async with observed(tmp_path, {}, seen):
        loop = asyncio.get_running_loop()
        loop.call_exception_handler(
            {"message": "Task exception was never retrieved", "exception": ValueError(canaries.text("given"))}
        )
        loop.call_soon(_raises, canaries.text("a callback"))
        task = loop.create_task(fails())
        await asyncio.wait([task])
        del task
        try:
            raise KeyError(canaries.text("a library's"))
        except KeyError as error:
            logging.getLogger("library").exception("it failed", extra={"error": error})
    assert seen.leaks(canaries) == set()
    assert "it failed" in seen.log.getvalue()
    assert "Task exception was never retrieved" in seen.log.getvalue()


def _raises(words: str) -> None:
    raise ValueError(words)


@pytest.mark.process
async def test_no_secret_of_a_server_is_in_what_it_prints_or_in_what_ps_shows(tmp_path: Path) -> None:
    canaries = Canaries()
    file = tmp_path / "groundwire.yaml"
    (tmp_path / "key").write_text(canaries.word("a secret of a file"))
    file.write_text(
        "providers: {cloud: {kind: openai, base_url: 'http://127.0.0.1:1/v1', api_key: 'env://MODEL_KEY'}}\n"
        "models: {large: {kind: openai, provider: cloud, model: large}}\n"
        "routes: {default: {models: [large], store: main}}\n"
        "telemetry: {log_level: DEBUG, otlp: {endpoint: 'http://127.0.0.1:1', headers: "
        f"{{authorization: 'file://{tmp_path / 'key'}'}}}}}}\n"
    )
    command = (sys.executable, "-m", "groundwire_server", "serve", "--config", str(file), "--no-local-embedder")
    secret = canaries.word("a secret of the environment")
    process = await asyncio.create_subprocess_exec(
        *command, "--listen", "127.0.0.1:0", "--data", str(tmp_path / "data"), stdout=PIPE, stderr=PIPE,
        env={**os.environ, "MODEL_KEY": secret},
    )  # fmt: skip
    assert process.stdout is not None
    printed = await asyncio.wait_for(process.stdout.readline(), 30)
    async with grpc.aio.insecure_channel(printed.split()[-1].decode()) as channel:
        asked = answer_service_pb2.AnswerRequest(question=question(canaries.text("question")))
        await AnswerServiceStub(channel).Answer(asked, metadata=ACME, timeout=10)
        shown = _shown_by_ps(process.pid)
        process.send_signal(signal.SIGTERM)
        out, err = await asyncio.wait_for(process.communicate(), 30)
    assert b"groundwire_server" in shown
    assert b"groundwire.decision" in err
    assert canaries.found_in(b"\n".join([printed, out, err, shown])) == set()


def _shown_by_ps(process: int) -> bytes:
    """The command lines of a process and its children, the names of its threads, and the environments of children.

    Its own environment is that which its operator gave it: only its owner can read it.
    """
    own = Path(f"/proc/{process}")
    shown = [(own / "cmdline").read_bytes(), *(each.read_bytes() for each in own.glob("task/*/comm"))]
    for child in [int(number) for each in own.glob("task/*/children") for number in each.read_text().split()]:
        shown += [_shown_by_ps(child), Path(f"/proc/{child}/environ").read_bytes()]
    return b"\n".join(shown)
