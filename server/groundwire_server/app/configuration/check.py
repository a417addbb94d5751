"""What a configuration refers to outside itself: prompts, files, folders, extras."""

import os
import ssl
from collections.abc import Iterator
from datetime import datetime

from groundwire_server.adapters.prompts.files import BUILT_IN, FilePrompts, UnknownPromptError
from groundwire_server.app.configuration.load import Loaded
from groundwire_server.app.configuration.models.configuration import Configuration
from groundwire_server.app.configuration.models.server import Tls
from groundwire_server.app.configuration.of_embedders import missing
from groundwire_server.app.configuration.of_routes import unusable_calibrations
from groundwire_server.app.configuration.of_stores import unusable_stores
from groundwire_server.app.configuration.problems import InvalidConfigurationError, Problem
from groundwire_server.domain.failure import SetupError


def verify(loaded: Loaded, now: datetime) -> None:
    """Make sure that all that the configuration refers to is there and can be used.

    Raises:
        InvalidConfigurationError: with everything that is not.
    """
    found = unusable(loaded.configuration, now)
    problems = [Problem(each.path, each.message, loaded.origin(each.path)) for each in found]
    if problems:
        raise InvalidConfigurationError(problems)


def unusable(configuration: Configuration, now: datetime) -> Iterator[Problem]:
    """Yield a problem for each thing that cannot be used."""
    yield from _prompts(configuration)
    if configuration.server.tls is not None:
        yield from _tls(configuration.server.tls, now)
    yield from _authentication(configuration)
    yield from missing(configuration)
    yield from _providers(configuration)
    yield from unusable_stores(configuration.stores)
    yield from unusable_calibrations(configuration.routes)


def _prompts(configuration: Configuration) -> Iterator[Problem]:
    prompts = FilePrompts(BUILT_IN)
    for name, route in configuration.routes.items():
        try:
            prompts.check(route.prompt.name, route.prompt.version or "")
        except UnknownPromptError as unknown:
            yield Problem(("routes", name, "prompt"), str(unknown))


def _tls(section: Tls, now: datetime) -> Iterator[Problem]:
    # Imported here: who serves without TLS is spared its imports.
    from groundwire_server.edge.tls import TlsError, TlsFiles, check  # noqa: PLC0415

    try:
        check(TlsFiles(section.certificate, section.key, section.client_ca), now)
    except TlsError as wrong:
        yield Problem(("server", "tls"), str(wrong))


def _authentication(configuration: Configuration) -> Iterator[Problem]:
    section = configuration.authentication
    if section.api_keys is not None:
        from groundwire_server.adapters.authentication import key_file  # noqa: PLC0415  # as above

        try:
            key_file.read(section.api_keys.file)
        except SetupError as wrong:
            yield Problem(("authentication", "api_keys", "file"), str(wrong))
    for index, issuer in enumerate(section.tokens):
        if "://" in issuer.jwks:
            continue
        from groundwire_server.app.examination import count_keys  # noqa: PLC0415  # as above

        there = os.path.isfile(issuer.jwks)  # noqa: PTH113  # unlike Path's own it raises nothing
        found = count_keys(issuer.options()) if there else "is no file that can be read"
        if isinstance(found, str):
            yield Problem(("authentication", "tokens", index, "jwks"), f"{issuer.jwks} {found}")


def _providers(configuration: Configuration) -> Iterator[Problem]:
    for name, provider in configuration.providers.items():
        if provider.ca_file is not None:
            try:
                ssl.create_default_context(cafile=provider.ca_file)
            except ssl.SSLError:
                wrong = "holds no certificate of an authority: name a PEM file"
            except OSError as failed:
                wrong = f"cannot be read: {failed.strerror}"
            else:
                continue
            yield Problem(("providers", name, "ca_file"), f"{provider.ca_file} {wrong}")
