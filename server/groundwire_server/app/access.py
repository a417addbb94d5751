"""Access, put together as the configuration says."""

from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, TypeAlias

from groundwire_server.adapters.authentication.declared import DeclaredIdentity
from groundwire_server.domain.credentials import CredentialKind
from groundwire_server.edge.access import Access
from groundwire_server.ports.authenticator import Authenticator
from groundwire_server.ports.clock import Clock

if TYPE_CHECKING:
    from groundwire_server.adapters.authentication.issuers import IssuerOptions
    from groundwire_server.adapters.authentication.jwks import FreshKeys
    from groundwire_server.adapters.authentication.tokens import Tokens
    from groundwire_server.app.configuration.models.authentication import AuthenticationConfig

NO_AUTHENTICATION = Access({CredentialKind.DECLARED: DeclaredIdentity()})
"""Callers are trusted to identify themselves."""


KeySets: TypeAlias = "dict[tuple[str, str], FreshKeys]"
"""The key sets in use, by issuer and place: the next configuration goes on with them if an issuer is down just then."""


@asynccontextmanager
async def access(
    section: "AuthenticationConfig", tenants: Collection[str] | None, clock: Clock, known: "KeySets | None" = None
) -> AsyncIterator[Access]:
    """Authenticate callers as a section says; key sets are kept fresh until the context is left.

    An issuer that is down is no reason not to start: its tokens are refused until its keys are there, unless they are
    known from before. A file that is not there is one.

    Args:
        section: the credentials that are accepted.
        tenants: the tenants that are admitted; None for every tenant that a credential names.
        clock: tells the time.
        known: the key sets of the configuration before; those of this one take their place.

    Raises:
        SetupError: when the API keys, or a key set in a file, cannot be read.
    """
    admitted = None if tenants is None else frozenset(tenants)
    kept: KeySets = {} if known is None else known
    before = dict(kept)
    kept.clear()
    if not section.required:
        yield Access(NO_AUTHENTICATION.authenticators, admitted)
        return
    # Imported here: a server without authentication starts without these imports.
    from groundwire_server.adapters.authentication.api_keys import ApiKeys  # noqa: PLC0415
    from groundwire_server.adapters.authentication.certificates import Certificates  # noqa: PLC0415

    async with AsyncExitStack() as opened:
        found: dict[CredentialKind, Authenticator] = {}
        if section.api_keys is not None:
            found[CredentialKind.API_KEY] = await ApiKeys.open(section.api_keys.file, clock)
        if section.certificates is not None:
            found[CredentialKind.CERTIFICATE] = Certificates(section.certificates)
        if section.tokens:
            found[CredentialKind.TOKEN] = await _tokens(section.tokens, clock, opened, before, kept)
        yield Access(found, admitted)


async def _tokens(
    issuers: Sequence["IssuerOptions"], clock: Clock, opened: AsyncExitStack, before: KeySets, kept: KeySets
) -> "Tokens":
    from groundwire_server.adapters.authentication.jwks import FreshKeys, KeySetError  # noqa: PLC0415
    from groundwire_server.adapters.authentication.key_sets import is_url, reading  # noqa: PLC0415
    from groundwire_server.adapters.authentication.tokens import Tokens  # noqa: PLC0415

    known = []
    for options in issuers:
        fetch = await opened.enter_async_context(reading(options.jwks))
        place = (options.issuer, options.jwks)
        last = before[place].current if place in before else None
        keys = FreshKeys(fetch, options.issuer, options.refresh_seconds, clock, last)
        opened.push_async_callback(keys.stop)
        await keys.start()
        if keys.why and not is_url(options.jwks):
            raise KeySetError(f"the key set {options.jwks} of {options.issuer} {keys.why}")
        known.append((options, keys))
    kept.update(((options.issuer, options.jwks), keys) for options, keys in known)
    return Tokens(known, clock)
