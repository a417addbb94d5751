"""What browsers are told, and what they are kept from."""

import logging

import pytest
from yarl import URL

from groundwire_server.app.access import NO_AUTHENTICATION
from groundwire_server.edge.gateway.options import GatewayOptions
from tests.e2e.conftest import Serve
from tests.e2e.gateway.conftest import ANSWER, JSON, LISTEN, QUESTION, TENANT, Browser, browsing

APP = {"origin": "https://app.example.com"}
ELSEWHERE = {"origin": "https://evil.example.com"}


async def test_an_allowed_page_may_call_and_read(browser: Browser) -> None:
    asked = await browser.send(ANSWER, headers={**APP, "access-control-request-method": "POST"}, method="OPTIONS")
    assert (asked.status, asked.body) == (204, b"")
    assert asked.headers["access-control-allow-origin"] == APP["origin"]
    assert "authorization" in asked.headers["access-control-allow-headers"]
    # Tokens, and nothing that a browser sends by itself.
    assert "access-control-allow-credentials" not in asked.headers
    reply = await browser.send(ANSWER, QUESTION, JSON | TENANT | APP)
    assert (reply.status, reply.headers["access-control-allow-origin"]) == (200, APP["origin"])
    assert "trailer-groundwire-request-id" in reply.headers["access-control-expose-headers"]
    assert "Origin" in reply.headers["vary"]


@pytest.mark.parametrize("method", ["POST", "OPTIONS", "GET"])
@pytest.mark.parametrize("path", [ANSWER, "/v1/answer:stream", "/", "/healthz"])
@pytest.mark.parametrize(
    "origin", ["https://evil.example.com", "null", "http://127.0.0.1", "https://app.example.com.evil"]
)
async def test_any_other_page_is_refused(browser: Browser, path: str, method: str, origin: str) -> None:
    reply = await browser.send(path, QUESTION, JSON | TENANT | {"origin": origin}, method)
    assert reply.status == 403
    assert "access-control-allow-origin" not in reply.headers
    assert reply.json["message"] == "pages of this origin may not call: add it to gateway.allowed_origins"


async def test_the_gateways_own_page_needs_no_permission(browser: Browser) -> None:
    reply = await browser.send(ANSWER, QUESTION, JSON | TENANT | {"origin": browser.url})
    assert reply.status == 200
    assert "access-control-allow-origin" not in reply.headers


async def test_a_name_that_somebody_has_made_to_point_here_is_refused(browser: Browser) -> None:
    port = browser.url.rpartition(":")[2]
    rebound = {"host": f"evil.example.com:{port}", "origin": f"http://evil.example.com:{port}"}
    reply = await browser.send(ANSWER, QUESTION, JSON | TENANT | rebound)
    assert (reply.status, reply.json["code"]) == (421, "permission_denied")
    for name in ("localhost.", "localhost:1@evil.example.com", "[::1]evil.example.com", "[::1", "localhost:x"):
        assert (await browser.send("/healthz", headers={"host": name}, method="GET")).status == 421
    for name in ("localhost", "127.0.0.1", "[::1]", "LOCALHOST"):
        assert (await browser.send("/healthz", headers={"host": f"{name}:{port}"}, method="GET")).status == 200


async def test_only_the_named_hosts_are_served(serve: Serve) -> None:
    options = GatewayOptions(listen=LISTEN, hosts=("answers.example.com",))
    async with serve(gateway=options, access=NO_AUTHENTICATION) as product, browsing(product) as browser:
        assert (await browser.send("/healthz", method="GET")).status == 421
        named = {"host": "answers.example.com"}
        assert (await browser.send("/healthz", headers=named, method="GET")).status == 200


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
async def test_what_a_form_can_send_is_refused(browser: Browser, kind: str) -> None:
    headers = {**TENANT, "content-type": kind} if kind else TENANT
    reply = await browser.send(ANSWER, QUESTION, headers)
    assert reply.status == 415
    assert "application/json" in reply.headers["accept-post"]


async def test_grpc_itself_is_sent_to_its_own_port(browser: Browser) -> None:
    reply = await browser.send(ANSWER, b"", {**TENANT, "content-type": "application/grpc"})
    assert reply.status == 415
    assert "server.listen" in reply.json["message"]


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "TRACE"])
async def test_a_question_is_never_in_an_address(
    browser: Browser, method: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    reply = await browser.send(f"{ANSWER}?encoding=json&message=%7B%22private%22%7D", headers=TENANT, method=method)
    assert (reply.status, reply.headers["allow"]) == (405, "POST")
    assert reply.body == b"" if method == "HEAD" else reply.body == b"send the request with POST\n"
    assert not [record for record in caplog.records if "private" in record.getMessage()]


async def test_a_path_that_does_not_exist(browser: Browser) -> None:
    for path in ("/groundwire.v1.AnswerService/Nothing", "/page/../secret", "/index.htm"):
        reply = await browser.send(path, b"{}", JSON | TENANT)
        assert (reply.status, reply.json["code"]) == (404, "unimplemented")


async def test_a_path_with_escapes_is_no_other_path(browser: Browser) -> None:
    for path in ("/groundwire.v1.AnswerService%2FAnswer", "/%68ealthz", "/%2e%2e/index.html"):
        url = URL(browser.url + path, encoded=True)
        async with browser.session.post(url, data=b"{}", headers=JSON | TENANT) as response:
            assert response.status == 404


async def test_a_head_that_is_too_large_is_refused(browser: Browser) -> None:
    reply = await browser.send("/healthz", headers={"x-name": "x" * 60_000}, method="GET")
    assert (reply.status, reply.json["message"]) == (431, "send fewer or smaller headers")


async def test_headers_are_ascii(browser: Browser) -> None:
    reply = await browser.send("/healthz", headers={"x-name": "Jürgen"}, method="GET")
    assert reply.status == 400
