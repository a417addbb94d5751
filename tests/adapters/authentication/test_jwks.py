"""Key sets are kept fresh off the request path; all of it in virtual time."""

import asyncio
import logging

import pytest

from groundwire_server.adapters.authentication.issuers import IssuerOptions
from groundwire_server.adapters.authentication.jwks import UNKNOWN_KEY_SECONDS, FreshKeys, KeySetError
from groundwire_server.adapters.authentication.keys import PublicKeys
from groundwire_server.adapters.authentication.tokens import Tokens
from groundwire_server.domain.access_denied import AccessDenied, DenialReason
from groundwire_server.domain.caller import Caller
from groundwire_server.domain.credentials import Credentials
from tests.doubles.issuer import AUDIENCE, ISSUER, Issuer
from tests.doubles.time import LoopTime

STAMP = LoopTime().today().timestamp()


class Place:
    """Where keys are read; scriptable.

    Attributes:
        delay: seconds that a reading takes.
        answer: given in place of the issuer's keys.
        at: when it was read.
    """

    def __init__(self, issuer: Issuer) -> None:
        self._issuer = issuer
        self.delay = 0.0
        self.answer: bytes | Exception | None = None
        self.at: list[float] = []

    async def read(self) -> bytes:
        self.at.append(now())
        await asyncio.sleep(self.delay)
        match self.answer:
            case None:
                return self._issuer.jwks
            case bytes():
                return self.answer
            case _:
                raise self.answer


def now() -> float:
    return asyncio.get_running_loop().time()


@pytest.fixture
def place(issuer: Issuer) -> Place:
    return Place(issuer)


@pytest.fixture
def fresh(place: Place) -> FreshKeys:
    return FreshKeys(place.read, ISSUER, 300.0, LoopTime())


@pytest.fixture
def verifying(fresh: FreshKeys) -> Tokens:
    return Tokens([(IssuerOptions(issuer=ISSUER, audience=AUDIENCE, jwks="jwks.json"), fresh)], LoopTime())


async def caller_of(verifying: Tokens, token: str) -> Caller:
    return await verifying.authenticate(Credentials(authorization=f"Bearer {token}"))


async def word_of(verifying: Tokens, token: str) -> DenialReason:
    with pytest.raises(AccessDenied) as caught:
        await caller_of(verifying, token)
    return caught.value.word


async def test_the_set_is_read_again_in_its_time(fresh: FreshKeys, place: Place) -> None:
    begun = now()
    await fresh.start()
    await asyncio.sleep(1000.0)
    await fresh.stop()
    assert [at - begun for at in place.at] == [0.0, 300.0, 600.0, 900.0]


async def test_a_set_that_has_not_changed_stays_the_same_object(fresh: FreshKeys, issuer: Issuer) -> None:
    await fresh.refresh()
    first = fresh.current
    await fresh.refresh()
    assert fresh.current is first
    issuer.rotate()
    await fresh.refresh()
    assert fresh.current is not first
    assert len(fresh.current.keys) == 2


@pytest.mark.parametrize(
    "answer",
    [
        KeySetError("cannot be reached"),
        b"",
        b"not json",
        b"[]",
        b"{}",
        b'{"keys": {}}',
        b'{"keys": []}',
        b'{"keys": [1, null]}',
        b'{"keys": [{"kty": "oct", "k": "aHVzaA"}]}',
        b'{"keys": [{"kty": "RSA", "n": "!", "e": "AQAB"}]}',
        b'{"keys": [' + b",".join([b"{}"] * 65) + b"]}",
        b"[" * 100_000,
        "ключ".encode("latin-1", "replace"),
    ],
    ids=lambda answer: repr(answer)[:30],
)
async def test_the_last_good_set_stays_when_a_refresh_fails(
    fresh: FreshKeys,
    place: Place,
    verifying: Tokens,
    issuer: Issuer,
    caplog: pytest.LogCaptureFixture,
    answer: bytes | Exception,
) -> None:
    await fresh.refresh()
    place.answer = answer
    await fresh.refresh()
    assert (await caller_of(verifying, issuer.sign(issuer.claims(STAMP)))).subject == "alice"
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert vars(record)["issuer"] == ISSUER
    assert vars(record)["keys_kept"] == 1


async def test_an_issuer_that_is_down_is_asked_again_sooner_and_more_and_more_seldom(
    fresh: FreshKeys, place: Place, verifying: Tokens, issuer: Issuer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    begun = now()
    place.answer = KeySetError("cannot be reached")
    await fresh.start()
    assert fresh.current == PublicKeys()
    assert await word_of(verifying, issuer.sign(issuer.claims(STAMP))) is DenialReason.TOKEN_KEY_UNKNOWN
    place.at.clear()
    await asyncio.sleep(10.0)
    place.answer = None
    await asyncio.sleep(10.0)
    assert (await caller_of(verifying, issuer.sign(issuer.claims(STAMP)))).subject == "alice"
    await asyncio.sleep(400.0)
    await fresh.stop()
    after = [at - begun for at in place.at]
    assert after[:2] == [1.0, 5.0]
    assert after[-1] - after[-2] == 300.0
    assert caplog.messages[-1] == "the key set is refreshed again"
    assert caplog.messages.count("the key set is refreshed again") == 1


async def test_a_new_key_is_fetched_when_a_token_names_it(
    fresh: FreshKeys, place: Place, verifying: Tokens, issuer: Issuer
) -> None:
    place.delay = 0.5
    await fresh.refresh()
    issuer.rotate("new")
    token = issuer.sign(issuer.claims(STAMP))
    callers = await asyncio.gather(*(caller_of(verifying, token) for _ in range(50)))
    assert {caller.subject for caller in callers} == {"alice"}
    assert len(place.at) == 2


async def test_tokens_with_made_up_keys_set_off_one_refresh_in_a_while(
    fresh: FreshKeys, place: Place, verifying: Tokens, issuer: Issuer
) -> None:
    await fresh.refresh()
    forger = Issuer()
    for number in range(100):
        forger.rotate(f"made-up-{number}", forger.keys["k1"])
        assert await word_of(verifying, forger.sign(issuer.claims(STAMP))) is DenialReason.TOKEN_KEY_UNKNOWN
    assert len(place.at) == 2
    await asyncio.sleep(UNKNOWN_KEY_SECONDS)
    for _ in range(3):
        await word_of(verifying, forger.sign(issuer.claims(STAMP)))
    assert len(place.at) == 3


async def test_nobody_waits_long_for_a_slow_issuer(
    fresh: FreshKeys, place: Place, verifying: Tokens, issuer: Issuer
) -> None:
    await fresh.refresh()
    place.delay = 60.0
    known, unknown = issuer.sign(issuer.claims(STAMP)), issuer.sign(issuer.claims(STAMP), header={"kid": "unknown"})
    begun = now()
    assert await word_of(verifying, unknown) is DenialReason.TOKEN_KEY_UNKNOWN
    assert now() - begun == 2.0
    begun = now()
    assert (await caller_of(verifying, known)).subject == "alice"
    assert now() == begun
    await fresh.stop()


async def test_a_caller_that_leaves_does_not_end_the_refresh_for_others(
    fresh: FreshKeys, place: Place, verifying: Tokens, issuer: Issuer
) -> None:
    await fresh.refresh()
    place.delay = 1.0
    issuer.rotate("new")
    token = issuer.sign(issuer.claims(STAMP))
    impatient = asyncio.create_task(caller_of(verifying, token))
    patient = asyncio.create_task(caller_of(verifying, token))
    await asyncio.sleep(0.1)
    impatient.cancel()
    assert (await patient).subject == "alice"
    assert impatient.cancelled()
    assert len(place.at) == 2


async def test_stopping_leaves_nothing_running(fresh: FreshKeys, place: Place) -> None:
    place.delay = 60.0
    starting = asyncio.create_task(fresh.start())
    await asyncio.sleep(1.0)
    await fresh.stop()
    await starting
    await fresh.stop()
    assert asyncio.all_tasks() == {asyncio.current_task()}
