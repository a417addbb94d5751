"""The parts of one configuration."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

from groundwire_server.adapters.rewriter.prompts import TemplateRewritePrompts
from groundwire_server.admission.limit_table import LimitTable
from groundwire_server.app.configuration.context_texts import context_texts
from groundwire_server.app.configuration.model_rules import residencies
from groundwire_server.app.configuration.models.configuration import Configuration
from groundwire_server.app.configuration.models.generators import ExtractiveModelConfig
from groundwire_server.app.parts.answer_cache import open_answer_cache
from groundwire_server.app.parts.answer_settings import answer_settings
from groundwire_server.app.parts.generators import identities, open_generator
from groundwire_server.app.parts.limits import LimitParts, open_limits, prices
from groundwire_server.app.parts.recordings import RouteRecordingRules, open_recording_rules
from groundwire_server.app.parts.screens import Screens, open_document_screen, open_screens
from groundwire_server.app.parts.shadows import open_shadow
from groundwire_server.app.parts.shared import Lease
from groundwire_server.app.parts.store import Store
from groundwire_server.app.parts.stores import open_store
from groundwire_server.app.parts.tokens import open_tokens
from groundwire_server.corpus.screening import DocumentScreen
from groundwire_server.domain.outcome import ModelIdentity
from groundwire_server.domain.price import Price
from groundwire_server.domain.prompts.texts import NO_TEXTS, ContextTexts
from groundwire_server.domain.residency import Residency
from groundwire_server.domain.vocabulary import CacheKey
from groundwire_server.pipeline.routes import RewriteModel, ShadowModel
from groundwire_server.ports.answer_cache import AnswerCache
from groundwire_server.ports.checker import Checker
from groundwire_server.ports.generator import Generator
from groundwire_server.ports.recording import Recording
from groundwire_server.ports.reranker import Reranker
from groundwire_server.ports.tokens import ModelTokens


def _unlimited() -> LimitParts:
    return LimitParts(LimitTable())


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of one configuration, by their names in it: those that a route or the document calls need.

    Attributes:
        corpus: the store that document calls keep documents in.
        residencies: who runs each generator.
        prices: of those whose tokens cost something.
        identities: which models the aliases stand for.
        limits: on what callers may use.
        searched: the stores of those routes that search in a way of their own, by route.
        checkers: those of the routes that name one, by route.
        shadows: the models that are compared with those that answer, by route.
        rewriters: the models that rewrite questions, by route.
        rerankers: those of the routes that name one, by route.
        screens: the guards of the routes' screens, by route.
        document_screen: what documents pass before they are stored; None lets all pass.
        answer_settings: digests of what each route's answers are made with, by route and by what they decide.
        answer_cache: keeps earlier answers that may stand in; None keeps none.
        context: the operator's texts that prompts may hold.
        recordings: what is recorded of the routes that record calls, by route.
        tokens: how those of each model are counted, by its alias.
    """

    stores: Mapping[str, Store]
    generators: Mapping[str, Generator]
    corpus: Store
    residencies: Mapping[str, Residency] = field(default_factory=dict)
    prices: Mapping[str, Price] = field(default_factory=dict)
    identities: Mapping[str, ModelIdentity] = field(default_factory=dict)
    limits: LimitParts = field(default_factory=_unlimited)
    searched: Mapping[str, Store] = field(default_factory=dict)
    checkers: Mapping[str, Checker] = field(default_factory=dict)
    shadows: Mapping[str, ShadowModel] = field(default_factory=dict)
    rewriters: Mapping[str, RewriteModel] = field(default_factory=dict)
    rerankers: Mapping[str, Reranker] = field(default_factory=dict)
    screens: Mapping[str, Screens] = field(default_factory=dict)
    document_screen: DocumentScreen | None = None
    answer_settings: Mapping[str, Mapping[CacheKey, str]] = field(default_factory=dict)
    answer_cache: AnswerCache | None = None
    context: ContextTexts = NO_TEXTS
    recordings: Mapping[str, RouteRecordingRules] = field(default_factory=dict)
    tokens: Mapping[str, ModelTokens] = field(default_factory=dict)

    def of_route(self, name: str, store: str) -> Store:
        """Return the store of this name, searched in the route's own way where it has one."""
        return self.searched.get(name) or self.stores[store]


async def open_parts(configuration: Configuration, lease: Lease, recording: Recording) -> Parts:
    """Open what a configuration names, or take what is open already.

    Raises:
        SetupError: when a part cannot be used as it is.
        ImportError: when an extra is not installed that a part needs.
        OSError: when a folder or file cannot be had.
    """
    routes = configuration.routes.values()
    models = {name: configuration.models[name] for route in routes for name in route.models}
    compared = {name: route.shadow for name, route in configuration.routes.items() if route.shadow is not None}
    asked = [*models.values(), *(configuration.models[shadow.model] for shadow in compared.values())]
    read = {model.store for model in asked if isinstance(model, ExtractiveModelConfig) and model.store}
    named = {*(route.store for route in routes), *read}
    stores = {
        name: await open_store(name, configuration, lease, recording)
        for name in sorted(named | {configuration.corpus_store})
    }
    generators = {name: await open_generator(name, configuration, stores, lease, recording) for name in models}
    rewriting = {name: route.rewrite for name, route in configuration.routes.items() if route.rewrite is not None}
    counted = {*models, *(each.model for each in compared.values()), *(each.model for each in rewriting.values())}
    tokens = {alias: await open_tokens(alias, configuration, lease) for alias in sorted(counted)}
    return Parts(
        stores,
        generators,
        stores[configuration.corpus_store],
        residencies(configuration),
        prices(configuration),
        identities(configuration),
        await open_limits(configuration, lease, recording),
        _searched(configuration, stores),
        await _open_checkers(configuration, lease, recording),
        {
            route: await open_shadow(route, shadow, configuration, stores, lease, recording)
            for route, shadow in compared.items()
        },
        {
            name: RewriteModel(
                await open_generator(rewrite.model, configuration, stores, lease, recording),
                TemplateRewritePrompts(rewrite.prompt),
                tokens[rewrite.model],
            )
            for name, rewrite in rewriting.items()
        },
        await _open_rerankers(configuration, lease, recording),
        await open_screens(configuration, lease, recording),
        await open_document_screen(configuration, lease),
        answer_settings(configuration),
        await open_answer_cache(configuration, lease, recording),
        await asyncio.to_thread(context_texts, configuration),
        await open_recording_rules(configuration, lease),
        tokens,
    )


def _searched(configuration: Configuration, stores: Mapping[str, Store]) -> Mapping[str, Store]:
    own: dict[str, Store] = {}
    for name, route in configuration.routes.items():
        searched = stores[route.store].searched
        if route.search is not None and searched is not None:
            own[name] = searched(route.search)
    return own


async def _open_checkers(configuration: Configuration, lease: Lease, recording: Recording) -> Mapping[str, Checker]:
    named = {name: route.checker for name, route in configuration.routes.items() if route.checker is not None}
    if not named:
        return {}
    # Imported here: a server that asks no provider starts without an HTTP client.
    from groundwire_server.app.parts.checkers import open_checker  # noqa: PLC0415

    opened = {each: await open_checker(each, configuration, lease, recording) for each in sorted(set(named.values()))}
    return {route: opened[checker] for route, checker in named.items()}


async def _open_rerankers(configuration: Configuration, lease: Lease, recording: Recording) -> Mapping[str, Reranker]:
    sections = {name: route.rerank for name, route in configuration.routes.items()}
    named = {name: section.reranker for name, section in sections.items() if section is not None}
    if not named:
        return {}
    from groundwire_server.app.parts.rerankers import open_reranker  # noqa: PLC0415  # as above

    opened = {each: await open_reranker(each, configuration, lease, recording) for each in sorted(set(named.values()))}
    return {route: opened[reranker] for route, reranker in named.items()}
