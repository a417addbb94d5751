import pytest

from groundwire_server.adapters.authentication.declared import DeclaredIdentity
from groundwire_server.domain.caller import Caller, Role
from groundwire_server.domain.credentials import Credentials
from groundwire_server.domain.refusal import Refusal, Refused
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
        (Credentials(), Refusal.NO_CREDENTIAL),
        (Credentials(tenant="a b"), Refusal.IDENTITY_MALFORMED),
        (Credentials(tenant="../other"), Refusal.IDENTITY_MALFORMED),
        (Credentials(tenant="acme\n"), Refusal.IDENTITY_MALFORMED),
        (Credentials(tenant="x" * 65), Refusal.IDENTITY_MALFORMED),
        (Credentials(tenant="acme", subject=""), Refusal.IDENTITY_MALFORMED),
        (Credentials(tenant="acme", subject="x" * 257), Refusal.IDENTITY_MALFORMED),
        (Credentials(tenant="acme", principals="staff,*"), Refusal.IDENTITY_MALFORMED),
        (Credentials(tenant="acme", principals="x" * 257), Refusal.IDENTITY_MALFORMED),
        (
            Credentials(tenant="acme", principals=",".join(f"p{n}" for n in range(257))),
            Refusal.IDENTITY_MALFORMED,
        ),
    ],
)
async def test_refuses_a_caller_that_is_nobody(credentials: Credentials, word: Refusal) -> None:
    with pytest.raises(Refused) as caught:
        await DeclaredIdentity().authenticate(credentials)
    assert caught.value.reason is Reason.UNAUTHENTICATED
    assert caught.value.word is word
