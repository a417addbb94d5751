"""The authenticators of a configuration."""

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
"""No authentication: callers are trusted to identify themselves."""


KeySets: TypeAlias = "dict[tuple[str, str], FreshKeys]"
"""Key sets by issuer and address: the next configuration keeps them if an issuer is down at that moment."""


@asynccontextmanager
async def access(
    section: "AuthenticationConfig", tenants: Collection[str] | None, clock: Clock, known: "KeySets | None" = None
) -> AsyncIterator[Access]:
    """Yield the authenticators of a section; key sets are refreshed until the context is left.

    An issuer that is down does not prevent the start: its tokens are rejected until its keys are loaded, unless they
    are known from before. A missing file does.

    Args:
        section: the accepted credentials.
        tenants: the accepted tenants; None accepts every tenant that a credential names.
        clock: tells the time.
        known: the key sets of the previous configuration; they are replaced by those of this one.

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
    # Imported here: a server without authentication does not need them.
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
