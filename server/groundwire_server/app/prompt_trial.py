"""Trying a prompt on cases, within this process: the same path as a call's, over passages that the case gives."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from groundwire_server.adapters.generator.kept_outputs import KeptOutputGenerator, OutputFolder
from groundwire_server.app.clock import SystemClock
from groundwire_server.app.configuration.models.configuration import Configuration
from groundwire_server.app.configuration.models.prompts import PromptConfig
from groundwire_server.app.configuration.models.stores import EmbeddedStoreConfig
from groundwire_server.app.evaluation import in_process
from groundwire_server.app.parts.parts import Parts
from groundwire_server.domain.caller import Caller
from groundwire_server.domain.outcome import Outcome
from groundwire_server.domain.question import Question
from groundwire_server.pipeline.answerer import PipelineAnswerer
from groundwire_server.pipeline.routes import RouteTable
from groundwire_server.ports.clock import Clock
from groundwire_server.ports.generator import Generator

_MARK: Final = "0123456789abcdef"
"""Of the fences in every prompt: with the same mark the same case has the same prompt, whose output may be kept."""

_CALLER: Final = Caller("local", "prompts-test", frozenset({"local"}))


@dataclass(frozen=True, slots=True)
class PromptTrial:
    """Answers questions over passages of the caller's own.

    Attributes:
        answerer: of one configuration.
        routes: of it.
        clock: the event loop's.
        generators: the models, each with what is kept of it.
    """

    answerer: PipelineAnswerer
    routes: RouteTable
    clock: Clock
    generators: Mapping[str, KeptOutputGenerator]

    @property
    def missing(self) -> int:
        """How many prompts no output is kept of, so far."""
        return sum(each.missing for each in self.generators.values())

    async def outcome(self, question: Question) -> Outcome:
        """Return what comes of a question.

        Raises:
            Rejection: when the route does not exist, or does not accept the question.
            SetupError: when an output cannot be read or written.
        """
        inquiry = self.routes.inquiry(question, _CALLER, self.clock.now(), None)
        return await self.answerer.answer(inquiry, None)


@asynccontextmanager
async def prompt_trial(configuration: Configuration, outputs: Path | None, *, live: bool) -> AsyncIterator[PromptTrial]:
    """Open the parts of a configuration, and close them when the context is left.

    Embedded stores are empty ones of the trial's own: a server may have the configured ones open.

    Args:
        configuration: with the prompts to try.
        outputs: the folder of kept outputs; None keeps none.
        live: whether models are asked for what is not kept.

    Raises:
        SetupError: when a part cannot be used as it is.
        ImportError: when an extra is not installed that a part needs.
        OSError: when a folder or file cannot be had.
    """
    kept = None if outputs is None else OutputFolder(outputs)
    generators: dict[str, KeptOutputGenerator] = {}

    def with_kept(parts: Parts) -> Parts:
        for alias, model in parts.generators.items():
            identity = parts.identities.get(alias)
            name = "" if identity is None else identity.name
            generators[alias] = KeptOutputGenerator(kept, model if live else None, name)
        asked: Mapping[str, Generator] = dict(generators)
        return replace(parts, generators=asked)

    with TemporaryDirectory(prefix="groundwire-prompts-") as folder:
        apart = _with_own_stores(configuration, Path(folder))
        async with in_process(apart, _CALLER, with_kept) as service:
            routes, clock = service.snapshot.routes, SystemClock()
            answerer = service.answerer(lambda: _MARK)
            yield PromptTrial(answerer, routes, clock, generators)


def with_prompt(configuration: Configuration, prompt: str, version: str) -> Configuration:
    """Return a configuration all of whose routes use one version of a prompt."""
    chosen = PromptConfig(name=prompt, version=version)
    routes = {name: route.model_copy(update={"prompt": chosen}) for name, route in configuration.routes.items()}
    return configuration.model_copy(update={"routes": routes})


def _with_own_stores(configuration: Configuration, folder: Path) -> Configuration:
    stores = {
        name: store.model_copy(update={"folder": folder / name}) if isinstance(store, EmbeddedStoreConfig) else store
        for name, store in configuration.stores.items()
    }
    return configuration.model_copy(update={"stores": stores})
