"""Who is let in, put together from what is set."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from groundwire_server.adapters.authentication.declared import DeclaredIdentity
from groundwire_server.domain.credentials import CredentialKind
from groundwire_server.edge.access import Access
from groundwire_server.ports.authenticator import Authenticator
from groundwire_server.ports.clock import Clock

if TYPE_CHECKING:
    from groundwire_server.adapters.authentication.certificates import CertificatePattern
    from groundwire_server.adapters.authentication.issuers import IssuerOptions
    from groundwire_server.adapters.authentication.jwks import FreshKeys
    from groundwire_server.adapters.authentication.tokens import Tokens

NO_AUTHENTICATION = Access({CredentialKind.DECLARED: DeclaredIdentity()})
"""No authentication: callers are whom they say they are."""


@dataclass(frozen=True, slots=True)
class AccessOptions:
    """What callers may prove who they are with; nothing set means that they are believed.

    Attributes:
        api_keys: the file of API keys.
        tokens: the issuers of tokens.
        certificates: how client certificates name their callers.
        tenants: those that there are; None lets every tenant in that a credential names.
    """

    api_keys: Path | None = None
    tokens: Sequence["IssuerOptions"] = ()
    certificates: "CertificatePattern | None" = None
    tenants: frozenset[str] | None = None

    @property
    def authenticated(self) -> bool:
        """Whether callers prove who they are."""
        return self.api_keys is not None or bool(self.tokens) or self.certificates is not None


KeySets: TypeAlias = "dict[tuple[str, str], FreshKeys]"
"""The key sets in use, by issuer and place: the next configuration goes on with them if an issuer is down just then."""


@asynccontextmanager
async def access(options: AccessOptions, clock: Clock, known: "KeySets | None" = None) -> AsyncIterator[Access]:
    """Let callers in as the options say; key sets are kept fresh until the context is left.

    An issuer that is down is no reason not to start: its tokens are refused until its keys are there, unless they are
    known from before. A file that is not there is one.

    Args:
        options: what callers may prove who they are with.
        clock: tells the time.
        known: the key sets of the configuration before; those of this one take their place.

    Raises:
        SetupError: when the API keys, or a key set in a file, cannot be read.
    """
    kept: KeySets = {} if known is None else known
    before = dict(kept)
    kept.clear()
    if not options.authenticated:
        yield Access(NO_AUTHENTICATION.authenticators, options.tenants)
        return
    # Imported here: a server that believes its callers starts without what verifies them.
    from groundwire_server.adapters.authentication.api_keys import ApiKeys  # noqa: PLC0415
    from groundwire_server.adapters.authentication.certificates import Certificates  # noqa: PLC0415

    async with AsyncExitStack() as opened:
        found: dict[CredentialKind, Authenticator] = {}
        if options.api_keys is not None:
            found[CredentialKind.API_KEY] = await ApiKeys.open(options.api_keys, clock)
        if options.certificates is not None:
            found[CredentialKind.CERTIFICATE] = Certificates(options.certificates)
        if options.tokens:
            found[CredentialKind.TOKEN] = await _tokens(options.tokens, clock, opened, before, kept)
        yield Access(found, options.tenants)


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
