import pytest

from groundwire_server.adapters.authentication.declared import DeclaredIdentity
from groundwire_server.domain.access_denied import AccessDenied, DenialReason
from groundwire_server.domain.caller import Caller, Role
from groundwire_server.domain.credentials import Credentials
from groundwire_server.domain.vocabulary import Reason

EVERY = frozenset(Role)


async def test_believes_who_calls() -> None:
    credentials = Credentials(tenant="acme", subject="alice", principals="staff, hr ,,")
    caller = await DeclaredIdentity().authenticate(credentials)
    assert caller == Caller("acme", "alice", frozenset({"staff", "hr"}), EVERY)


async def test_a_caller_without_a_name_is_anonymous_and_has_no_principals() -> None:
    assert await DeclaredIdentity().authenticate(Credentials(tenant="acme")) == Caller(
        "acme", "anonymous", frozenset(), EVERY
    )


@pytest.mark.parametrize(
    ("credentials", "word"),
    [
        (Credentials(), DenialReason.NO_CREDENTIAL),
        (Credentials(tenant="a b"), DenialReason.IDENTITY_MALFORMED),
        (Credentials(tenant="../other"), DenialReason.IDENTITY_MALFORMED),
        (Credentials(tenant="acme\n"), DenialReason.IDENTITY_MALFORMED),
        (Credentials(tenant="x" * 65), DenialReason.IDENTITY_MALFORMED),
        (Credentials(tenant="acme", subject=""), DenialReason.IDENTITY_MALFORMED),
        (Credentials(tenant="acme", subject="x" * 257), DenialReason.IDENTITY_MALFORMED),
        (Credentials(tenant="acme", principals="staff,*"), DenialReason.IDENTITY_MALFORMED),
        (Credentials(tenant="acme", principals="x" * 257), DenialReason.IDENTITY_MALFORMED),
        (
            Credentials(tenant="acme", principals=",".join(f"p{n}" for n in range(257))),
            DenialReason.IDENTITY_MALFORMED,
        ),
    ],
)
async def test_refuses_a_caller_that_is_nobody(credentials: Credentials, word: DenialReason) -> None:
    with pytest.raises(AccessDenied) as caught:
        await DeclaredIdentity().authenticate(credentials)
    assert caught.value.reason is Reason.UNAUTHENTICATED
    assert caught.value.word is word
