"""A real model behind a server of the operator's own.

`GROUNDWIRE_TEST_OPENAI_URL=http://127.0.0.1:8080/v1` names a server that speaks chat completions and honours
json_schema, such as llama.cpp's with any small instruct model; `GROUNDWIRE_TEST_OPENAI_PROFILE` defaults to llamacpp.
"""

import asyncio
import json
import os
from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest

from groundwire_server.adapters.generator.http.generator import HttpGenerator
from groundwire_server.adapters.generator.openai import OpenAiDialect, OpenAiOptions
from groundwire_server.adapters.http.options import Endpoint, StreamBounds
from groundwire_server.adapters.http.session import Session
from groundwire_server.adapters.prompts.catalogue import built_in_prompts
from groundwire_server.adapters.providers.profiles import PROFILES
from groundwire_server.domain.evidence import Passage
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.generation import Finish, FinishReason, GenerationRequest
from groundwire_server.domain.question import Question
from groundwire_server.domain.requester import Requester
from groundwire_server.domain.vocabulary import Cause
from groundwire_server.ports.prompts import PromptInputs
from tests.adapters.generator.wire.models import soon

URL = os.environ.get("GROUNDWIRE_TEST_OPENAI_URL", "")
PASSAGES = [Passage("c1", "Parcels wait in the mail room. The mail room opens at noon."), Passage("c2", "Soup.")]

pytestmark = pytest.mark.skipif(not URL, reason="GROUNDWIRE_TEST_OPENAI_URL names no server")


@pytest.fixture
async def session() -> AsyncIterator[Session]:
    async with Session("test", Endpoint(base_url=URL)) as opened:
        yield opened


def asked(session: Session, bounds: StreamBounds) -> HttpGenerator:
    profile = PROFILES[os.environ.get("GROUNDWIRE_TEST_OPENAI_PROFILE", "llamacpp")]
    model = os.environ.get("GROUNDWIRE_TEST_OPENAI_MODEL", "local")
    return HttpGenerator(session, OpenAiDialect(OpenAiOptions(model=model, temperature=0.0), profile), bounds)


def request(tokens: int = 200, text: str = "When does the mail room open?") -> GenerationRequest:
    inputs = PromptInputs(Question("default", text, "r"), PASSAGES, "m4rk")
    prompt = built_in_prompts().render("answer", "", inputs)
    return GenerationRequest("alias", Requester("tenant"), prompt, tokens)


PATIENT = StreamBounds(silence_seconds=60.0)


async def test_it_writes_a_draft_piece_by_piece_and_counts_it(session: Session) -> None:
    async with aclosing(asked(session, PATIENT).generate(request(), soon(120.0))) as pieces:
        *texts, last = [piece async for piece in pieces]
    draft = json.loads("".join(map(str, texts)))
    assert list(draft) == ["confidence", "segments"]
    assert len(texts) > 3
    assert isinstance(last, Finish)
    assert not last.usage.estimated


async def test_it_is_cut_off_where_it_must_stop(session: Session) -> None:
    async with aclosing(asked(session, PATIENT).generate(request(4), soon(120.0))) as pieces:
        *_, last = [piece async for piece in pieces]
    assert isinstance(last, Finish)
    assert last.reason is FinishReason.LENGTH


async def test_a_prompt_that_does_not_fit_is_told(session: Session) -> None:
    with pytest.raises(Failure) as failure:
        await anext(asked(session, PATIENT).generate(request(text="word " * 200_000), soon(120.0)))
    assert failure.value.cause is Cause.PROMPT_TOO_LONG


async def test_closing_it_frees_it_for_the_next(session: Session) -> None:
    for _ in range(3):
        writing = asked(session, PATIENT).generate(request(2000), soon(120.0))
        await anext(writing)
        began = asyncio.get_running_loop().time()
        await writing.aclose()
        assert asyncio.get_running_loop().time() - began < 0.05
