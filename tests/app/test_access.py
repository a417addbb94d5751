"""Putting together who is let in."""

import asyncio
from pathlib import Path

import pytest

from groundwire_server.adapters.authentication.certificates import CertificateOptions
from groundwire_server.adapters.authentication.issuers import IssuerOptions
from groundwire_server.adapters.authentication.key_file import KeyFileError, changing
from groundwire_server.app.access import access
from groundwire_server.app.clock import SystemClock
from groundwire_server.app.configuration.models.authentication import ApiKeysConfig, AuthenticationConfig
from groundwire_server.domain.access_denied import AccessDenied, DenialReason
from groundwire_server.domain.credentials import CredentialKind, Credentials
from groundwire_server.domain.failure import SetupError
from tests.doubles.issuer import AUDIENCE, ISSUER, Issuer

PATTERN = CertificateOptions(pattern="{subject}.{tenant}.example")


def issuer(jwks: str) -> IssuerOptions:
    return IssuerOptions(issuer=ISSUER, audience=AUDIENCE, jwks=jwks)


async def test_nothing_set_means_that_callers_are_believed() -> None:
    assert not AuthenticationConfig().required
    async with access(AuthenticationConfig(), None, SystemClock()) as opened:
        assert not opened.authenticated
        assert (await opened.caller(Credentials(tenant="acme"))).tenant == "acme"


async def test_everything_set_accepts_every_kind(tmp_path: Path) -> None:
    keys, jwks = tmp_path / "keys.json", tmp_path / "jwks.json"
    jwks.write_bytes(Issuer().jwks)
    with changing(keys):
        pass
    section = AuthenticationConfig(api_keys=ApiKeysConfig(file=keys), tokens=(issuer(str(jwks)),), certificates=PATTERN)
    before = asyncio.all_tasks()
    async with access(section, ("acme",), SystemClock()) as opened:
        assert opened.authenticated
        assert opened.authenticators.keys() == {
            CredentialKind.API_KEY,
            CredentialKind.TOKEN,
            CredentialKind.CERTIFICATE,
        }
        assert opened.tenants == frozenset({"acme"})
    assert asyncio.all_tasks() == before


@pytest.mark.parametrize(
    "section",
    [
        AuthenticationConfig(api_keys=ApiKeysConfig(file=Path("keys.json"))),
        AuthenticationConfig(tokens=(issuer("jwks.json"),)),
        AuthenticationConfig(certificates=PATTERN),
    ],
)
def test_any_one_of_them_is_authentication(section: AuthenticationConfig) -> None:
    assert section.required


async def test_a_key_file_that_is_not_there_is_told_of_before_anything_is_served(tmp_path: Path) -> None:
    section = AuthenticationConfig(api_keys=ApiKeysConfig(file=tmp_path / "absent.json"))
    with pytest.raises(KeyFileError, match="groundwire keys create"):
        async with access(section, None, SystemClock()):
            raise AssertionError


async def test_an_issuer_that_is_down_lets_nobody_in_and_holds_nothing_up(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    signer = Issuer()
    section = AuthenticationConfig(tokens=(issuer("http://127.0.0.1:1/jwks.json"),))
    token = signer.sign(signer.claims(SystemClock().today().timestamp()))
    async with access(section, None, SystemClock()) as opened:
        with pytest.raises(AccessDenied) as caught:
            await opened.caller(Credentials(authorization=f"Bearer {token}"))
    assert caught.value.word is DenialReason.TOKEN_KEY_UNKNOWN
    assert {record.getMessage() for record in caplog.records} == {"the key set could not be refreshed"}


async def test_a_key_set_in_a_file_is_told_of_before_anything_is_served(tmp_path: Path) -> None:
    section = AuthenticationConfig(tokens=(issuer(str(tmp_path)),))
    before = asyncio.all_tasks()
    with pytest.raises(SetupError, match=f"the key set {tmp_path} of {ISSUER} is a folder: name the file in it"):
        async with access(section, None, SystemClock()):
            raise AssertionError
    assert asyncio.all_tasks() == before
