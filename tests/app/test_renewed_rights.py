"""What a caller may do when its queued question is answered: looked up anew, by each kind of credential."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest

from groundwire_server.adapters.authentication.certificates import CertificateOptions
from groundwire_server.adapters.authentication.issuers import IssuerOptions
from groundwire_server.adapters.authentication.key_file import changing, new_key, revoked
from groundwire_server.app.access import access
from groundwire_server.app.configuration.models.authentication import ApiKeysConfig, AuthenticationConfig
from groundwire_server.domain.caller import Caller, Role
from groundwire_server.domain.credentials import CredentialKind, CredentialReference, Credentials
from groundwire_server.edge.access import Access
from tests.doubles.clock import SetClock
from tests.doubles.issuer import AUDIENCE, ISSUER, Issuer

ALICE = Caller("acme", "alice", frozenset({"staff", "board"}), frozenset({Role.READER}))
NAME = "alice.acme.example"
MINUTE = 60.0
SKEW = 30.0


def of_certificates(**changes: object) -> CertificateOptions:
    options = CertificateOptions(
        pattern="{subject}.{tenant}.example", principals=ALICE.principals, roles=frozenset({Role.READER})
    )
    return options.model_copy(update=changes)


@dataclass
class Place:
    """A folder with a key of alice's and the keys of an issuer, and what a caller presents."""

    folder: Path
    clock: SetClock

    def __post_init__(self) -> None:
        self.issuer = Issuer()
        (self.folder / "jwks.json").write_bytes(self.issuer.jwks)
        key, self.key = new_key(ALICE, self.clock.today(), self.clock.today() + timedelta(days=1))
        self.key_id = key.key_id
        with changing(self.keys) as keys:
            keys[self.key_id] = key
        claims = self.issuer.claims(self.clock.stamp, groups=sorted(ALICE.principals), exp=self.clock.stamp + MINUTE)
        self.token = self.issuer.sign(claims)

    @property
    def keys(self) -> Path:
        return self.folder / "keys.json"

    @property
    def section(self) -> AuthenticationConfig:
        tokens = IssuerOptions(issuer=ISSUER, audience=AUDIENCE, jwks=str(self.folder / "jwks.json"), skew_seconds=SKEW)
        return AuthenticationConfig(
            api_keys=ApiKeysConfig(file=self.keys), tokens=(tokens,), certificates=of_certificates()
        )

    def presented(self, kind: CredentialKind) -> Credentials:
        return {
            CredentialKind.API_KEY: Credentials(api_key=self.key),
            CredentialKind.TOKEN: Credentials(authorization=f"Bearer {self.token}"),
            CredentialKind.CERTIFICATE: Credentials(certificate=True, dns_names=(NAME,)),
        }[kind]

    @asynccontextmanager
    async def access(
        self, section: AuthenticationConfig | None = None, tenants: tuple[str, ...] | None = None
    ) -> AsyncIterator[Access]:
        async with access(section or self.section, tenants, self.clock) as opened:
            yield opened

    async def caller(self, kind: CredentialKind) -> Caller:
        """Alice, as she asked."""
        async with self.access() as opened:
            return await opened.caller(self.presented(kind))

    def change_key(self, **changes: object) -> None:
        with changing(self.keys) as keys:
            keys[self.key_id] = replace(keys[self.key_id], **changes)  # type: ignore[arg-type]  # a test's own changes


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path, SetClock())


KINDS = (CredentialKind.API_KEY, CredentialKind.TOKEN, CredentialKind.CERTIFICATE)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("frozen", [False, True])
async def test_a_credential_that_still_holds_gives_its_rights(place: Place, kind: CredentialKind, frozen: bool) -> None:
    asked = await place.caller(kind)
    assert asked.credential is not None
    assert asked.credential.kind is kind
    async with place.access() as opened:
        renewed = await opened.renewed(asked, frozen=frozen)
    assert renewed == asked == ALICE
    assert renewed.credential == asked.credential


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("frozen", [False, True])
async def test_a_tenant_that_is_no_longer_served_has_no_rights(
    place: Place, kind: CredentialKind, frozen: bool
) -> None:
    asked = await place.caller(kind)
    async with place.access(tenants=("other",)) as opened:
        assert await opened.renewed(asked, frozen=frozen) is None


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("frozen", [False, True])
async def test_a_kind_of_credential_that_is_no_longer_accepted_gives_none(
    place: Place, kind: CredentialKind, frozen: bool
) -> None:
    asked = await place.caller(kind)
    field = {CredentialKind.API_KEY: "api_keys", CredentialKind.CERTIFICATE: "certificates"}.get(kind, "tokens")
    less = place.section.model_copy(update={field: () if field == "tokens" else None})
    async with place.access(less) as opened:
        assert await opened.renewed(asked, frozen=frozen) is None


def revoke(place: Place) -> None:
    place.change_key(revoked=place.clock.today())


def remove(place: Place) -> None:
    with changing(place.keys) as keys:
        del keys[place.key_id]


def expire(place: Place) -> None:
    place.clock.move(timedelta(days=2).total_seconds())


def give_to_another(place: Place) -> None:
    place.change_key(caller=replace(ALICE, subject="bob"))


def take_the_role(place: Place) -> None:
    place.change_key(caller=replace(ALICE, roles=frozenset({Role.WRITER})))


@pytest.mark.parametrize("change", [revoke, remove, expire, give_to_another, take_the_role])
@pytest.mark.parametrize("frozen", [False, True])
async def test_a_key_that_holds_no_more_ends_the_rights(
    place: Place, change: Callable[[Place], None], frozen: bool
) -> None:
    asked = await place.caller(CredentialKind.API_KEY)
    change(place)
    async with place.access() as opened:
        assert await opened.renewed(asked, frozen=frozen) is None


async def test_a_revocation_counts_at_once_where_the_file_is_open(place: Place) -> None:
    async with place.access() as opened:
        asked = await opened.caller(place.presented(CredentialKind.API_KEY))
        assert await opened.renewed(asked, frozen=False) == ALICE
        with changing(place.keys) as keys:
            keys[place.key_id] = revoked(keys[place.key_id], place.clock.today())
        assert await opened.renewed(asked, frozen=False) is None


async def test_a_key_that_was_issued_anew_with_fewer_principals_gives_those_alone(place: Place) -> None:
    asked = await place.caller(CredentialKind.API_KEY)
    place.change_key(caller=replace(ALICE, principals=frozenset({"staff"})))
    async with place.access() as opened:
        renewed = await opened.renewed(asked, frozen=True)
    assert renewed is not None
    assert renewed.principals == {"staff"}


async def test_a_certificate_has_what_the_configuration_gives_it_now(place: Place) -> None:
    asked = await place.caller(CredentialKind.CERTIFICATE)
    less = place.section.model_copy(update={"certificates": of_certificates(principals=frozenset({"staff"}))})
    async with place.access(less) as opened:
        renewed = await opened.renewed(asked, frozen=True)
    assert renewed is not None
    assert renewed.principals == {"staff"}


@pytest.mark.parametrize(
    "changes",
    [{"pattern": "{subject}.{tenant}.internal"}, {"roles": frozenset({Role.WRITER})}],
    ids=["pattern", "role"],
)
async def test_a_certificate_that_is_configured_no_more_gives_none(place: Place, changes: dict[str, object]) -> None:
    asked = await place.caller(CredentialKind.CERTIFICATE)
    changed = place.section.model_copy(update={"certificates": of_certificates(**changes)})
    async with place.access(changed) as opened:
        assert await opened.renewed(asked, frozen=False) is None


async def test_rights_end_with_their_token_as_calls_do(place: Place) -> None:
    asked = await place.caller(CredentialKind.TOKEN)
    async with place.access() as opened:
        place.clock.move(MINUTE + SKEW - 1)
        assert await opened.caller(place.presented(CredentialKind.TOKEN)) == ALICE
        assert await opened.renewed(asked, frozen=False) == ALICE
        place.clock.move(1)
        assert await opened.renewed(asked, frozen=False) is None


async def test_frozen_rights_outlive_their_token(place: Place) -> None:
    asked = await place.caller(CredentialKind.TOKEN)
    place.clock.move(MINUTE + SKEW + 1)
    async with place.access() as opened:
        assert await opened.renewed(asked, frozen=True) == ALICE


async def test_without_authentication_there_is_nothing_to_revoke(place: Place) -> None:
    async with place.access(AuthenticationConfig()) as opened:
        asked = await opened.caller(Credentials(tenant="acme", subject="alice", principals="staff"))
        assert await opened.renewed(asked, frozen=False) == asked


async def test_a_declared_name_has_no_rights_once_credentials_are_required(place: Place) -> None:
    asked = replace(ALICE, credential=CredentialReference(CredentialKind.DECLARED))
    async with place.access() as opened:
        assert await opened.renewed(asked, frozen=True) is None


@pytest.mark.parametrize(
    "credential",
    [None, CredentialReference(CredentialKind.API_KEY), CredentialReference(CredentialKind.TOKEN)],
    ids=["none", "key without a name", "token without an end"],
)
async def test_a_caller_without_a_credential_to_look_up_has_no_rights(
    place: Place, credential: CredentialReference | None
) -> None:
    async with place.access() as opened:
        assert await opened.renewed(replace(ALICE, credential=credential), frozen=False) is None
