"""Models behind doubles of their providers, ready to be asked."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass

from groundwire_server.adapters.generator.anthropic import AnthropicDialect, AnthropicOptions
from groundwire_server.adapters.generator.http.dialect import Dialect
from groundwire_server.adapters.generator.http.generator import HttpGenerator
from groundwire_server.adapters.generator.openai import OpenAiDialect, OpenAiOptions
from groundwire_server.adapters.http.options import Endpoint, StreamBounds
from groundwire_server.adapters.http.session import Session
from groundwire_server.adapters.providers.profiles import PROFILES
from groundwire_server.domain.deadline import NEVER, Deadline
from groundwire_server.domain.evidence import Passage
from groundwire_server.domain.generation import Finish, GenerationRequest, Prompt
from groundwire_server.domain.requester import Requester
from groundwire_server.options.secret import Secret
from groundwire_server.ports.generator import Generator
from tests.doubles.upstream import Reply, Upstream, upstream

KEY = "sk-SECRET-KEY"
PASSAGES = {"p1": Passage("c1", "Parcels wait in the mail room."), "p2": Passage("c2", "It opens at noon.")}


def dialect(name: str, *, whole: bool = False) -> Dialect:
    """A provider's, by the first word of its transcripts' names."""
    key = Secret("env://PROVIDER_KEY", KEY)
    match name:
        case "anthropic":
            return AnthropicDialect(AnthropicOptions(model="claude-test", whole_document=whole), key)
        case "anthropic-json":
            options = AnthropicOptions(model="claude-test", output="json_schema", whole_document=whole)
            return AnthropicDialect(options, key)
        case "azure":
            azure = OpenAiOptions(model="gpt-test", whole_document=whole)
            return OpenAiDialect(azure, PROFILES["azure"], key, "2024-10-21")
        case _:
            return OpenAiDialect(OpenAiOptions(model="model-test", whole_document=whole), PROFILES[name], key)


def ask(*, unary: bool = False) -> GenerationRequest:
    prompt = Prompt("answer", "1", "SECRET-PROMPT system", "user Where do parcels wait?", "Where?", PASSAGES)
    return GenerationRequest("alias", Requester("tenant"), prompt, 500, unary=unary)


@dataclass(frozen=True, slots=True)
class Model:
    """A model and the provider's double behind it."""

    generator: Generator
    upstream: Upstream

    async def write(self, deadline: Deadline = NEVER, *, unary: bool = False) -> tuple[str, Finish, int]:
        """What it writes, how it ended and in how many pieces."""
        async with aclosing(self.generator.generate(ask(unary=unary), deadline)) as written:
            *texts, last = [piece async for piece in written]
        assert isinstance(last, Finish)
        return "".join(map(str, texts)), last, len(texts)


@asynccontextmanager
async def model(
    spoken: Dialect | str, *replies: Reply, bounds: StreamBounds | None = None, base: str = "/v1"
) -> AsyncIterator[Model]:
    """A model whose provider answers with the replies."""
    spoken = dialect(spoken) if isinstance(spoken, str) else spoken
    async with upstream(*replies) as double:
        endpoint = Endpoint(base_url=f"http://127.0.0.1:{double.port}{base}")
        async with Session("test", endpoint) as session:
            yield Model(HttpGenerator(session, spoken, bounds), double)


def soon(seconds: float) -> Deadline:
    return Deadline(asyncio.get_running_loop().time() + seconds)
