"""Where key sets are read: files and URLs, bounded."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import rsa
from joserfc.jwk import OctKey, RSAKey

from groundwire_server.adapters.authentication import key_sets
from groundwire_server.adapters.authentication.jwks import KeySetError
from groundwire_server.adapters.authentication.key_sets import SIZE_LIMIT, check_place, reading
from groundwire_server.adapters.authentication.keys import parse
from tests.doubles.issuer import Issuer


@asynccontextmanager
async def serving(handler: web.RequestHandler | object) -> AsyncIterator[str]:
    """A web server on loopback; gives the URL that the handler answers."""
    application = web.Application()
    application.router.add_get("/jwks.json", handler)  # type: ignore[arg-type]
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/jwks.json"
    finally:
        await runner.cleanup()


async def read(place: str) -> bytes:
    async with reading(place) as fetch:
        return await fetch()


async def test_reads_a_url(issuer: Issuer) -> None:
    async def answer(request: web.Request) -> web.Response:
        return web.Response(body=issuer.jwks)

    async with serving(answer) as url:
        assert await read(url) == issuer.jwks


async def test_reads_a_file_as_it_is_now(issuer: Issuer, tmp_path: Path) -> None:
    path = tmp_path / "jwks.json"
    path.write_bytes(b"first")
    async with reading(str(path)) as fetch:
        assert await fetch() == b"first"
        path.write_bytes(issuer.jwks)
        assert await fetch() == issuer.jwks


async def _missing(request: web.Request) -> web.Response:
    raise web.HTTPNotFound


async def _elsewhere(request: web.Request) -> web.Response:
    raise web.HTTPFound("http://127.0.0.1:1/other.json")


async def _endless(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    while True:
        await response.write(b"x" * 65536)


async def _silent(request: web.Request) -> web.Response:
    await asyncio.Event().wait()
    raise AssertionError


@pytest.mark.parametrize(
    ("handler", "says"),
    [
        (_missing, "HTTP status 404"),
        (_elsewhere, "HTTP status 302"),
        (_endless, "larger than 256 KiB"),
        (_silent, "does not respond within"),
    ],
)
async def test_a_url_that_gives_no_key_set_says_why(
    handler: object, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(key_sets, "_SECONDS", 0.5)
    async with serving(handler) as url:
        with pytest.raises(KeySetError, match=says):
            await read(url)


async def test_a_server_that_is_down_says_so() -> None:
    with pytest.raises(KeySetError, match="cannot be reached"):
        await read("http://127.0.0.1:1/jwks.json")


def _absent(path: Path) -> Path:
    return path / "absent.json"


def _folder(path: Path) -> Path:
    return path


def _large(path: Path) -> Path:
    (path / "large").write_bytes(b"x" * (SIZE_LIMIT + 1))
    return path / "large"


@pytest.mark.parametrize(
    ("make", "says"), [(_absent, "No such file"), (_folder, "is a folder"), (_large, "larger than 256 KiB")]
)
async def test_a_file_that_cannot_be_read_says_why(make: object, says: str, tmp_path: Path) -> None:
    assert callable(make)
    with pytest.raises(KeySetError, match=says):
        await read(str(make(tmp_path)))


@pytest.mark.parametrize(
    "place", ["jwks.json", "/etc/jwks.json", "https://id.example.com/j", "http://127.0.0.1:1/j", "http://localhost/j"]
)
def test_a_place_that_can_be_trusted_is_accepted(place: str) -> None:
    check_place(place)


@pytest.mark.parametrize(
    ("place", "says"),
    [
        ("http://id.example.com/jwks.json", "a key set must be read over https"),
        ("ftp://id.example.com/j", "must begin with http:// or https://"),
        ("x://", "must begin with http:// or https://"),
        ("https:///j", "must have a valid host"),
        ("https://id.example.com:443x/j", "must have a valid host, and a port from 1 to 65535"),
    ],
)
def test_a_place_that_others_could_change_or_that_is_none_is_refused(place: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        check_place(place)


@pytest.mark.parametrize("place", ["https://me:hush-hush@id.example.com/j", "https://me@id.example.com/j"])
def test_a_place_that_holds_a_password_is_refused_without_saying_it(place: str) -> None:
    with pytest.raises(ValueError, match="a key set is public") as caught:
        check_place(place)
    assert "hush-hush" not in str(caught.value)


def test_only_public_keys_that_sign_are_taken() -> None:
    strong = RSAKey.generate_key(2048)
    weak = strong.as_dict(private=False) | {"n": "x" * 171}
    private = {**strong.as_dict(private=True), "kid": "private"}
    listed = [
        private,
        {**strong.as_dict(private=False), "kid": "encrypts", "use": "enc"},
        {**weak, "kid": "weak"},
        {**strong.as_dict(private=False), "n": _padded(_modulus(1024)), "kid": "weak behind zeros"},
        {**strong.as_dict(private=False), "n": "x" * 100_000, "kid": "takes forever"},
        {**OctKey.generate_key(256).as_dict(private=True), "kid": "shared"},
        {"kty": "new", "kid": "unknown"},
    ]
    (key,) = parse(json.dumps({"keys": listed}).encode()).keys
    assert key.kid == "private"
    assert not key.key.is_private


def _modulus(bits: int) -> bytes:
    return rsa.generate_private_key(65537, bits).public_key().public_numbers().n.to_bytes(bits // 8)


def _padded(number: bytes) -> str:
    return base64.urlsafe_b64encode(bytes(256) + number).rstrip(b"=").decode()


def test_a_key_serves_only_the_algorithm_that_the_set_names() -> None:
    public = RSAKey.generate_key(2048)
    keys = parse(json.dumps({"keys": [{**public.as_dict(private=False), "kid": "a", "alg": "PS256"}]}).encode())
    assert keys.find("a", "PS256") is not None
    assert keys.find("a", "RS256") is None
    assert keys.find("a", "ES256") is None
