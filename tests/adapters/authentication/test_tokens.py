"""Which tokens are valid, and whose they are."""

import json
from typing import Any

import pytest
from joserfc.jwk import ECKey, OKPKey, RSAKey
from joserfc.jws import deserialize_compact, serialize_compact

from groundwire_server.adapters.authentication import tokens as tokens_module
from groundwire_server.adapters.authentication.issuers import ClaimOptions, IssuerOptions
from groundwire_server.adapters.authentication.jwks import FreshKeys
from groundwire_server.adapters.authentication.tokens import Tokens
from groundwire_server.domain.access_denied import AccessDenied, DenialReason
from groundwire_server.domain.caller import Caller, Role
from groundwire_server.domain.credentials import Credentials
from groundwire_server.domain.vocabulary import Reason
from tests.adapters.authentication.conftest import Verifier
from tests.doubles.clock import SetClock
from tests.doubles.issuer import ISSUER, Issuer, altered


async def caller_of(verifying: Tokens, token: str, scheme: str = "Bearer") -> Caller:
    return await verifying.authenticate(Credentials(authorization=f"{scheme} {token}"))


async def refusal_of(verifying: Tokens, token: str) -> AccessDenied:
    with pytest.raises(AccessDenied) as caught:
        await caller_of(verifying, token)
    assert caught.value.reason is Reason.UNAUTHENTICATED
    assert caught.value.metadata == {}
    assert token not in repr(caught.value.about)
    return caught.value


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
async def test_a_good_token_says_who_calls(verifier: Verifier, issuer: Issuer, clock: SetClock, scheme: str) -> None:
    token = issuer.sign(issuer.claims(clock.stamp))
    async with verifier() as verifying:
        caller = await caller_of(verifying, token, scheme)
    assert caller == Caller("acme", "alice", frozenset({"staff"}), frozenset({Role.READER}))


@pytest.mark.parametrize(
    ("key", "algorithm"),
    [
        (RSAKey.generate_key(2048), "RS256"),
        (ECKey.generate_key("P-256"), "ES256"),
        (ECKey.generate_key("P-384"), "ES384"),
        (OKPKey.generate_key("Ed25519"), "Ed25519"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_every_pinned_algorithm_is_verified(
    verifier: Verifier, issuer: Issuer, clock: SetClock, key: Any, algorithm: str
) -> None:
    issuer.rotate("other", key)
    token = issuer.sign(issuer.claims(clock.stamp), header={"alg": algorithm})
    async with verifier(algorithms=[algorithm]) as verifying:
        assert (await caller_of(verifying, token)).subject == "alice"
        header, claims, signature = token.split(".")
        forged = f"{header}.{claims}.{signature[:8]}{'A' if signature[8] != 'A' else 'B'}{signature[9:]}"
        assert (await refusal_of(verifying, forged)).word is DenialReason.TOKEN_SIGNATURE


CLAIMS = [
    ("expired", {"exp": -31.0}, DenialReason.TOKEN_EXPIRED),
    ("not yet valid", {"nbf": 31.0}, DenialReason.TOKEN_NOT_YET_VALID),
    ("issued in the future", {"iat": 31.0}, DenialReason.TOKEN_NOT_YET_VALID),
]
"""Times are from now."""


@pytest.mark.parametrize(("changes", "word"), [row[1:] for row in CLAIMS], ids=[row[0] for row in CLAIMS])
async def test_a_token_out_of_its_time_is_refused(
    verifier: Verifier, issuer: Issuer, clock: SetClock, changes: dict[str, float], word: DenialReason
) -> None:
    off = {name: clock.stamp + value for name, value in changes.items()}
    near = {name: clock.stamp + value * 29.0 / 31.0 for name, value in changes.items()}
    async with verifier(skew_seconds=30.0) as verifying:
        refused = await refusal_of(verifying, issuer.sign(issuer.claims(clock.stamp, **off)))
        assert refused.word is word
        assert refused.about == {"issuer": ISSUER}
        # Within the skew of the clocks.
        assert (await caller_of(verifying, issuer.sign(issuer.claims(clock.stamp, **near)))).subject == "alice"


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"aud": "another"}, DenialReason.TOKEN_AUDIENCE),
        ({"aud": ["another", "one"]}, DenialReason.TOKEN_AUDIENCE),
        ({"aud": None}, DenialReason.TOKEN_AUDIENCE),
        ({"aud": "groundwire2"}, DenialReason.TOKEN_AUDIENCE),
        ({"aud": {"groundwire": 1}}, DenialReason.TOKEN_AUDIENCE),
        ({"iss": "https://id.example.org"}, DenialReason.TOKEN_ISSUER),
        ({"iss": None}, DenialReason.TOKEN_ISSUER),
        ({"iss": ["https://id.example.com"]}, DenialReason.TOKEN_ISSUER),
        ({"exp": None}, DenialReason.TOKEN_CLAIMS),
        ({"exp": "tomorrow"}, DenialReason.TOKEN_CLAIMS),
        ({"exp": True}, DenialReason.TOKEN_CLAIMS),
        ({"exp": float("inf")}, DenialReason.TOKEN_CLAIMS),
        ({"exp": float("nan")}, DenialReason.TOKEN_CLAIMS),
        ({"exp": 10**400}, DenialReason.TOKEN_CLAIMS),
        ({"nbf": [0]}, DenialReason.TOKEN_CLAIMS),
        ({"tenant": None}, DenialReason.TOKEN_CLAIMS),
        ({"tenant": "../globex"}, DenialReason.TOKEN_CLAIMS),
        ({"tenant": ["acme"]}, DenialReason.TOKEN_CLAIMS),
        ({"tenant": ""}, DenialReason.TOKEN_CLAIMS),
        ({"tenant": "a" * 65}, DenialReason.TOKEN_CLAIMS),
        ({"tenant": "acm\u0435"}, DenialReason.TOKEN_CLAIMS),
        ({"tenant": "\uff41cme"}, DenialReason.TOKEN_CLAIMS),
        ({"tenant": "acme\n"}, DenialReason.TOKEN_CLAIMS),
        ({"sub": "ali\u202ece"}, DenialReason.TOKEN_CLAIMS),
        ({"sub": "\ud800"}, DenialReason.TOKEN_CLAIMS),
        ({"sub": "a" * 257}, DenialReason.TOKEN_CLAIMS),
        ({"sub": ""}, DenialReason.TOKEN_CLAIMS),
        ({"sub": 7}, DenialReason.TOKEN_CLAIMS),
        ({"sub": "a\nb"}, DenialReason.TOKEN_CLAIMS),
        ({"groups": ["*"]}, DenialReason.TOKEN_CLAIMS),
        ({"groups": [7]}, DenialReason.TOKEN_CLAIMS),
        ({"groups": {"staff": True}}, DenialReason.TOKEN_CLAIMS),
        ({"groups": [f"g{number}" for number in range(257)]}, DenialReason.TOKEN_CLAIMS),
        ({"roles": 7}, DenialReason.TOKEN_CLAIMS),
        ({"roles": {"admin": True}}, DenialReason.TOKEN_CLAIMS),
        ({"roles": [["admin"]]}, DenialReason.TOKEN_CLAIMS),
        ({"exp": "1e12"}, DenialReason.TOKEN_CLAIMS),
        ({"exp": 1e300}, DenialReason.TOKEN_CLAIMS),
    ],
    ids=repr,
)
async def test_a_token_with_wrong_claims_is_refused(
    verifier: Verifier, issuer: Issuer, clock: SetClock, changes: dict[str, Any], word: DenialReason
) -> None:
    async with verifier() as verifying:
        assert (await refusal_of(verifying, issuer.sign(issuer.claims(clock.stamp, **changes)))).word is word


async def test_a_token_that_nobody_has_signed_is_refused(verifier: Verifier, issuer: Issuer, clock: SetClock) -> None:
    claims = issuer.claims(clock.stamp)
    async with verifier() as verifying:
        for algorithm in ("none", "None", "NONE", "nOnE"):
            assert (
                await refusal_of(verifying, issuer.unsigned(claims, algorithm))
            ).word is DenialReason.TOKEN_ALGORITHM
        bare = issuer.sign(claims).rpartition(".")[0] + "."
        assert (await refusal_of(verifying, bare)).word in {DenialReason.TOKEN_SIGNATURE, DenialReason.TOKEN_MALFORMED}


async def test_a_public_key_is_no_shared_secret(verifier: Verifier, issuer: Issuer, clock: SetClock) -> None:
    issuer.rotate("rsa", RSAKey.generate_key(2048))
    async with verifier() as verifying:
        refused = await refusal_of(verifying, issuer.confused(issuer.claims(clock.stamp)))
    assert refused.word is DenialReason.TOKEN_ALGORITHM


@pytest.mark.parametrize("algorithm", ["none", "HS256", "HS512", "EdDSA", "", "RSA1_5"])
def test_no_algorithm_can_be_configured_that_would_let_everybody_in(algorithm: str) -> None:
    with pytest.raises(ValueError, match="cannot be accepted; use ES256"):
        IssuerOptions(issuer=ISSUER, audience="groundwire", jwks="jwks.json", algorithms=("RS256", algorithm))


async def test_an_algorithm_that_is_not_pinned_is_refused(verifier: Verifier, issuer: Issuer, clock: SetClock) -> None:
    async with verifier(algorithms=["RS256"]) as verifying:
        token = issuer.sign(issuer.claims(clock.stamp))
        assert (await refusal_of(verifying, token)).word is DenialReason.TOKEN_ALGORITHM


async def test_a_token_cannot_bring_its_own_key(verifier: Verifier, issuer: Issuer, clock: SetClock) -> None:
    forger = Issuer()
    brought = {
        "jwk": forger.keys["k1"].as_dict(private=False),
        "jku": "https://evil.example/jwks.json",
        "x5u": "https://evil.example/x.pem",
    }
    async with verifier() as verifying:
        token = forger.sign(issuer.claims(clock.stamp), header=brought)
        assert (await refusal_of(verifying, token)).word is DenialReason.TOKEN_SIGNATURE


@pytest.mark.parametrize(
    "header",
    [
        {"alg": "None"},
        {"alg": ["ES256"]},
        {"alg": {"ES256": 1}},
        {"alg": None},
        {"alg": "ES256", "kid": 7},
        {"alg": "ES256", "kid": "../../etc/passwd"},
        {"alg": "ES256", "kid": "k" * 10_000},
        {"alg": "ES256", "kid": "k1", "typ": 7},
        {"alg": "ES256", "kid": "k1", "jwk": 7},
        {"alg": "ES256", "kid": "k1", "jku": ["https://evil.example"]},
        {"alg": "ES256", "kid": "k1", "x5c": 7},
        {"alg": "ES256", "kid": "k1", "zip": "DEF"},
        {"alg": "ES256", "kid": "k1", "b64": False},
        {"alg": "ES256", "kid": "k1", "crit": []},
    ],
    ids=repr,
)
async def test_a_header_of_any_shape_is_refused_and_breaks_nothing(
    verifier: Verifier, issuer: Issuer, clock: SetClock, header: dict[str, Any]
) -> None:
    async with verifier() as verifying:
        _, claims, signature = issuer.sign(issuer.claims(clock.stamp)).split(".")
        forged = f"{tokens_part(header)}.{claims}.{signature}"
        assert (await refusal_of(verifying, forged)).word is not DenialReason.NO_CREDENTIAL


async def test_claims_that_were_changed_after_signing_are_refused(
    verifier: Verifier, issuer: Issuer, clock: SetClock
) -> None:
    async with verifier() as verifying:
        token = issuer.sign(issuer.claims(clock.stamp))
        assert (await caller_of(verifying, token)).tenant == "acme"
        forged = altered(token, tenant="globex", roles=["admin"])
        assert (await refusal_of(verifying, forged)).word is DenialReason.TOKEN_SIGNATURE


@pytest.mark.parametrize(
    "authorization",
    [
        "Bearer ",
        "Bearer a",
        "Bearer a.b",
        "Bearer a.b.c",
        "Bearer a.b.c.d.e",
        "Bearer bnVsbA.bnVsbA.eA",
        "Bearer W10.W10.eA",
        "Bearer e30=.e30=.eA",
        f"Bearer {'W1' * 4000}.e30.eA",
        "Bearer é.é.é",
        f"Bearer {'a' * 20_000}",
        "Basic YWxpY2U6c2VjcmV0",
        "Bearer",
        "nonsense",
    ],
    ids=lambda text: text[:24],
)
async def test_what_is_no_token_is_refused(verifier: Verifier, authorization: str) -> None:
    async with verifier() as verifying:
        with pytest.raises(AccessDenied) as caught:
            await verifying.authenticate(Credentials(authorization=authorization))
    assert caught.value.word in {DenialReason.TOKEN_MALFORMED, DenialReason.TOKEN_ISSUER}


@pytest.mark.parametrize("header", [{"crit": ["exp"], "exp": 1}, {"b64": False, "crit": ["b64"]}])
async def test_an_extension_that_must_be_understood_is_refused(
    verifier: Verifier, issuer: Issuer, clock: SetClock, header: dict[str, Any]
) -> None:
    async with verifier() as verifying:
        good = issuer.sign(issuer.claims(clock.stamp))
        forged = f"{tokens_part({'alg': 'ES256', 'kid': 'k1', **header})}.{good.partition('.')[2]}"
        assert (await refusal_of(verifying, forged)).word is DenialReason.TOKEN_MALFORMED


def tokens_part(value: dict[str, Any]) -> str:
    return Issuer().unsigned(value).split(".")[1]


@pytest.mark.parametrize("kid", ["absent", 7, ["k1"], {}, ""], ids=repr)
async def test_a_key_that_the_issuer_does_not_have_is_refused(
    verifier: Verifier, issuer: Issuer, clock: SetClock, kid: Any
) -> None:
    async with verifier() as verifying:
        good = issuer.sign(issuer.claims(clock.stamp))
        forged = f"{tokens_part({'alg': 'ES256', 'kid': kid})}.{good.partition('.')[2]}"
        assert (await refusal_of(verifying, forged)).word is DenialReason.TOKEN_KEY_UNKNOWN


async def test_a_token_without_a_key_id_is_verified_by_the_only_key_that_fits(
    verifier: Verifier, issuer: Issuer, clock: SetClock
) -> None:
    issuer.rotate("rsa", RSAKey.generate_key(2048))
    claims = issuer.claims(clock.stamp)
    anonymous = Issuer()
    anonymous.keys = {"": issuer.keys["k1"]}
    async with verifier() as verifying:
        token = anonymous.sign(claims, kid=None)
        header = {"alg": "ES256"}
        unnamed = anonymous_token(anonymous, claims, header)
        assert (await refusal_of(verifying, token)).word is DenialReason.TOKEN_KEY_UNKNOWN
        assert (await caller_of(verifying, unnamed)).subject == "alice"
        issuer.rotate()
        clock.move(3600.0)
    async with verifier() as verifying:
        later = anonymous_token(anonymous, issuer.claims(clock.stamp), header)
        assert (await refusal_of(verifying, later)).word is DenialReason.TOKEN_KEY_UNKNOWN


def anonymous_token(signer: Issuer, claims: dict[str, Any], header: dict[str, str]) -> str:
    return serialize_compact(header, json.dumps(claims), signer.keys[""], algorithms=["ES256"])


@pytest.mark.parametrize(
    ("claims", "paths", "roles", "caller"),
    [
        (
            {"org": "globex", "email": "bob@example.com", "realm": {"roles": ["gw-admins", "unrelated"]}},
            ClaimOptions(tenant="org", subject="email", roles="realm.roles"),
            {"gw-admins": Role.ADMIN},
            Caller("globex", "bob@example.com", frozenset({"staff"}), frozenset({Role.ADMIN})),
        ),
        (
            {"https://example.com/org": "globex", "groups": "Domain Users", "roles": "writer"},
            ClaimOptions(tenant="https://example.com/org"),
            {},
            Caller("globex", "alice", frozenset({"Domain Users"}), frozenset({Role.WRITER})),
        ),
        (
            {"groups": None, "roles": None},
            ClaimOptions(),
            {},
            Caller("acme", "alice", frozenset(), frozenset()),
        ),
        (
            {"roles": ["reader", "Admin", "root", "reader"]},
            ClaimOptions(),
            {"reader": Role.OPERATOR},
            Caller("acme", "alice", frozenset({"staff"}), frozenset({Role.OPERATOR})),
        ),
        (
            {"roles": "a.b.c", "realm": "no mapping"},
            ClaimOptions(roles="realm.roles"),
            {},
            Caller("acme", "alice", frozenset({"staff"}), frozenset()),
        ),
    ],
)
async def test_claims_say_who_calls_by_the_issuers_paths(
    verifier: Verifier,
    issuer: Issuer,
    clock: SetClock,
    claims: dict[str, Any],
    paths: ClaimOptions,
    roles: dict[str, Role],
    caller: Caller,
) -> None:
    async with verifier(claims=paths, roles=roles) as verifying:
        assert await caller_of(verifying, issuer.sign(issuer.claims(clock.stamp, **claims))) == caller


class Counted:
    """Counts the signatures that are verified."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.count = 0
        self._real = deserialize_compact
        monkeypatch.setattr(tokens_module, "deserialize_compact", self)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        self.count += 1
        return self._real(*args, **kwargs)


async def test_a_token_is_verified_once_and_not_believed_past_its_end(
    verifier: Verifier, issuer: Issuer, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted = Counted(monkeypatch)
    async with verifier(skew_seconds=0.0) as verifying:
        token = issuer.sign(issuer.claims(clock.stamp))
        for _ in range(5):
            await caller_of(verifying, token)
        assert counted.count == 1
        clock.move(59.9)
        await caller_of(verifying, token)
        assert counted.count == 1
        clock.move(0.2)
        assert (await refusal_of(verifying, token)).word is DenialReason.TOKEN_EXPIRED


async def test_a_token_is_not_believed_past_the_key_that_has_verified_it(
    verifier: Verifier, issuer: Issuer, clock: SetClock
) -> None:
    token = issuer.sign(issuer.claims(clock.stamp))
    async with verifier() as verifying:
        assert (await caller_of(verifying, token)).subject == "alice"
        del issuer.keys["k1"]
        issuer.rotate("k9")
        # Any token of the new key brings the new set in.
        assert (await caller_of(verifying, issuer.sign(issuer.claims(clock.stamp)))).subject == "alice"
        assert (await refusal_of(verifying, token)).word is DenialReason.TOKEN_KEY_UNKNOWN


async def test_what_is_remembered_is_bounded(
    verifier: Verifier, issuer: Issuer, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tokens_module, "_REMEMBERED", 2)
    counted = Counted(monkeypatch)
    async with verifier() as verifying:
        made = [issuer.sign(issuer.claims(clock.stamp, sub=f"s{number}")) for number in range(3)]
        for token in (*made, made[2], made[1], made[0]):
            await caller_of(verifying, token)
    assert counted.count == 4


async def test_two_issuers_do_not_speak_for_each_other(issuer: Issuer, clock: SetClock) -> None:
    other = Issuer("https://other.example")
    opened = []
    for each in (issuer, other):
        jwks = each.jwks

        async def fetch(jwks: bytes = jwks) -> bytes:
            return jwks

        keys = FreshKeys(fetch, each.name, 300.0, clock)
        await keys.refresh()
        opened.append((IssuerOptions(issuer=each.name, audience="groundwire", jwks="jwks.json"), keys))
    verifying = Tokens(opened, clock)
    assert (await caller_of(verifying, other.sign(other.claims(clock.stamp)))).subject == "alice"
    forged = other.sign(other.claims(clock.stamp, iss=issuer.name))
    assert (await refusal_of(verifying, forged)).word is DenialReason.TOKEN_SIGNATURE
