"""The page, as it is served."""

import gzip

from groundwire_server.edge.gateway.options import GatewayOptions
from groundwire_server.edge.gateway.pages import POLICY
from tests.e2e.conftest import Serve
from tests.e2e.gateway.conftest import LISTEN, Browser, browsing


async def test_the_page_may_load_its_own_files_alone(browser: Browser) -> None:
    reply = await browser.send("/", method="GET")
    assert (reply.status, reply.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert reply.headers["content-security-policy"] == POLICY
    assert POLICY.startswith("default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'")
    assert "unsafe" not in POLICY
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert reply.headers["referrer-policy"] == "no-referrer"
    assert reply.headers["cross-origin-opener-policy"] == "same-origin"
    assert reply.headers["cross-origin-resource-policy"] == "same-origin"


async def test_a_file_that_the_browser_has_is_not_sent_again(browser: Browser) -> None:
    first = await browser.send("/index.html", method="GET")
    again = await browser.send("/", headers={"if-none-match": first.headers["etag"]}, method="GET")
    assert (again.status, again.body) == (304, b"")
    assert first.headers["cache-control"] == "no-cache"


async def test_a_browser_that_takes_gzip_gets_it(browser: Browser) -> None:
    plain = await browser.send("/", method="GET")
    packed = await browser.send("/", headers={"accept-encoding": "gzip, br"}, method="GET")
    assert packed.headers["content-encoding"] == "gzip"
    assert gzip.decompress(packed.body) == plain.body
    assert (await browser.send("/", method="HEAD")).body == b""
    refused = await browser.send("/", headers={"accept-encoding": "br, gzip; q=0.0"}, method="GET")
    assert ("content-encoding" in refused.headers, refused.body) == (False, plain.body)


async def test_without_the_page_the_rest_is_served(serve: Serve) -> None:
    options = GatewayOptions(listen=LISTEN, page=False)
    async with serve(gateway=options) as product, browsing(product) as browser:
        assert (await browser.send("/", method="GET")).status == 404
        health = await browser.send("/healthz", method="GET")
        assert (health.status, health.json) == (200, {"status": "SERVING"})
