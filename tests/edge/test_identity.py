"""What a call presents, and who is let in by it."""

from collections.abc import Mapping

import pytest

from groundwire_server.domain.access_denied import AccessDenied, DenialReason
from groundwire_server.domain.caller import Caller, Role
from groundwire_server.domain.credentials import CredentialKind, Credentials
from groundwire_server.domain.vocabulary import Reason
from groundwire_server.edge.access import Access
from groundwire_server.edge.identity import credentials_of, network_of, peer_of

ALICE = Caller("acme", "alice", frozenset(), frozenset({Role.READER}))
CERTIFIED = {"x509_pem_cert": [b"PEM"], "peer_uri": [b"spiffe://x/y"], "peer_dns": [b"a.example", b"b.example"]}


class Believing:
    """Finds alice behind every credential, and keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[Credentials] = []

    async def authenticate(self, credentials: Credentials) -> Caller:
        self.asked.append(credentials)
        return ALICE

    async def renew(self, caller: Caller, *, frozen: bool) -> Caller:
        del frozen
        return caller


def test_reads_what_the_metadata_and_the_connection_present() -> None:
    metadata = {
        "authorization": "Bearer t",
        "groundwire-tenant": "acme",
        "groundwire-subject": "alice",
        "groundwire-principals": "staff",
    }
    assert credentials_of(metadata, CERTIFIED) == Credentials(
        authorization="Bearer t",
        certificate=True,
        uris=("spiffe://x/y",),
        dns_names=("a.example", "b.example"),
        tenant="acme",
        subject="alice",
        principals="staff",
    )


def test_a_connection_without_a_certificate_presents_none() -> None:
    assert credentials_of({}, {"transport_security_type": [b"ssl"]}) == Credentials()


@pytest.mark.parametrize("key", ["authorization", "groundwire-api-key"])
def test_two_of_a_kind_are_refused(key: str) -> None:
    with pytest.raises(AccessDenied) as caught:
        credentials_of({key: "one,two"}, {})
    assert caught.value.word is DenialReason.SEVERAL_CREDENTIALS


def test_the_repr_of_credentials_holds_no_secret() -> None:
    shown = repr(Credentials(authorization="Bearer hush", api_key="gw_hush"))
    assert "hush" not in shown


@pytest.mark.parametrize(
    ("peer", "address"),
    [
        ("ipv4:127.0.0.1:53744", "127.0.0.1"),
        ("ipv6:%5B::1%5D:53744", "::1"),
        ("ipv6:[2001:db8::7]:1", "2001:db8::7"),
        ("unix:", "unix"),
        ("unix:/run/x.sock", "unix"),
    ],
)
def test_a_peer_is_its_address_without_a_port(peer: str, address: str) -> None:
    assert peer_of(peer) == address


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("::1", "::1"),
        ("::ffff:10.0.0.1", "::ffff:10.0.0.1"),
        ("2001:db8::7", "2001:db8::/64"),
        ("fe80::7%eth0", "fe80::/64"),
        ("unix", "unix"),
        ("no:address", "no:address"),
    ],
)
def test_the_addresses_of_a_64_are_one_network(address: str, network: str) -> None:
    assert network_of(address) == network


TOKEN = {"authorization": "Bearer t"}
API_KEY = {"groundwire-api-key": "k"}
ALL = (CredentialKind.TOKEN, CredentialKind.API_KEY, CredentialKind.CERTIFICATE)


@pytest.mark.parametrize(
    ("accepted", "metadata", "certified", "used"),
    [
        (ALL, TOKEN, False, CredentialKind.TOKEN),
        (ALL, API_KEY, False, CredentialKind.API_KEY),
        (ALL, {}, True, CredentialKind.CERTIFICATE),
        (ALL, TOKEN | {"groundwire-tenant": "acme"}, False, CredentialKind.TOKEN),
        # A certificate that only the connection needs.
        ((CredentialKind.TOKEN,), TOKEN, True, CredentialKind.TOKEN),
        ((CredentialKind.DECLARED,), {"groundwire-tenant": "acme"}, False, CredentialKind.DECLARED),
        ((CredentialKind.DECLARED,), TOKEN | {"groundwire-tenant": "acme"}, False, CredentialKind.DECLARED),
    ],
)
async def test_the_one_credential_that_is_presented_says_who_calls(
    accepted: tuple[CredentialKind, ...], metadata: Mapping[str, str], certified: bool, used: CredentialKind
) -> None:
    authenticators = {kind: Believing() for kind in accepted}
    access = Access(authenticators)
    assert await access.caller(credentials_of(metadata, CERTIFIED if certified else {})) == ALICE
    assert [kind for kind, each in authenticators.items() if each.asked] == [used]


@pytest.mark.parametrize(
    ("accepted", "metadata", "certified", "word"),
    [
        (ALL, {}, False, DenialReason.NO_CREDENTIAL),
        (ALL, {"groundwire-tenant": "acme"}, False, DenialReason.NO_CREDENTIAL),
        ((CredentialKind.TOKEN,), {}, True, DenialReason.NO_CREDENTIAL),
        (ALL, TOKEN | API_KEY, False, DenialReason.SEVERAL_CREDENTIALS),
        (ALL, TOKEN, True, DenialReason.SEVERAL_CREDENTIALS),
        (ALL, API_KEY, True, DenialReason.SEVERAL_CREDENTIALS),
        ((CredentialKind.TOKEN,), TOKEN | API_KEY, False, DenialReason.SEVERAL_CREDENTIALS),
        ((CredentialKind.TOKEN,), API_KEY, False, DenialReason.CREDENTIAL_NOT_ACCEPTED),
        ((CredentialKind.API_KEY,), TOKEN, False, DenialReason.CREDENTIAL_NOT_ACCEPTED),
    ],
)
async def test_anything_but_one_accepted_credential_is_refused_unread(
    accepted: tuple[CredentialKind, ...], metadata: Mapping[str, str], certified: bool, word: DenialReason
) -> None:
    authenticators = {kind: Believing() for kind in accepted}
    with pytest.raises(AccessDenied) as caught:
        await Access(authenticators).caller(credentials_of(metadata, CERTIFIED if certified else {}))
    assert caught.value.word is word
    assert caught.value.reason is Reason.UNAUTHENTICATED
    assert not any(each.asked for each in authenticators.values())


@pytest.mark.parametrize(
    ("named", "tenants", "word"),
    [
        ("globex", None, DenialReason.TENANT_CONTRADICTED),
        ("acme,globex", None, DenialReason.TENANT_CONTRADICTED),
        ("", frozenset({"globex"}), DenialReason.TENANT_UNKNOWN),
        ("acme", frozenset[str](), DenialReason.TENANT_UNKNOWN),
    ],
)
async def test_the_tenant_is_the_credentials_and_one_that_there_is(
    named: str, tenants: frozenset[str] | None, word: DenialReason
) -> None:
    access = Access({CredentialKind.TOKEN: Believing()}, tenants)
    with pytest.raises(AccessDenied) as caught:
        await access.caller(Credentials(authorization="Bearer t", tenant=named))
    assert caught.value.word is word
    assert caught.value.reason is Reason.FORBIDDEN
    assert caught.value.metadata == {}
