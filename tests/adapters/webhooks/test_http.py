"""Posting webhooks: to public addresses alone, without redirects, in bounded time."""

import asyncio
import socket
from collections.abc import Awaitable
from contextlib import suppress
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult

from groundwire_server.adapters.webhooks.http import HttpWebhookSender, WebhookFault
from groundwire_server.ports.outbox import WebhookError
from tests.doubles.webhook_receiver import Handler, Receiver, receiving


class FixedResolver(AbstractResolver):
    """Names stand for the addresses that a test gives them, in turn."""

    def __init__(self, *answers: list[str]) -> None:
        self._answers = list(answers)
        self.asked = 0

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        answer = self._answers[min(self.asked, len(self._answers) - 1)]
        self.asked += 1
        return [
            ResolveResult(hostname=host, host=address, port=port, family=family, proto=0, flags=0) for address in answer
        ]

    async def close(self) -> None:
        pass


def answering(status: int, **headers: str) -> Handler:
    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        return web.Response(status=status, headers=headers, text="x" * 1000)

    return answer


async def post(
    receiver: Receiver, url: str = "", *addresses: list[str], private: bool = True, most: float = 30
) -> None:
    async with HttpWebhookSender.opened(
        most, lambda _: private, receiver.ca, FixedResolver(*(addresses or (["127.0.0.1"],)))
    ) as sender:
        await sender.post(url or receiver.url, {"webhook-id": "msg_1"}, b"{}")


async def fault(posting: Awaitable[None]) -> tuple[WebhookFault, bool]:
    with pytest.raises(WebhookError) as raised:
        await posting
    assert isinstance(raised.value.fault, WebhookFault)
    return raised.value.fault, raised.value.final


@pytest.mark.parametrize("status", [200, 201, 204])
async def test_a_webhook_that_is_taken_arrives_once_with_its_headers(tmp_path: Path, status: int) -> None:
    async with receiving(tmp_path, answering(status)) as receiver:
        await post(receiver)
        assert receiver.requests == [b"{}"]
        assert receiver.headers[0]["webhook-id"] == "msg_1"
        assert "Cookie" not in receiver.headers[0]


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (301, (WebhookFault.REDIRECTED, False)),
        (308, (WebhookFault.REDIRECTED, False)),
        (400, (WebhookFault.REFUSED, False)),
        (404, (WebhookFault.REFUSED, False)),
        (410, (WebhookFault.GONE, True)),
        (500, (WebhookFault.REFUSED, False)),
    ],
)
async def test_any_other_status_is_a_refusal(tmp_path: Path, status: int, expected: tuple[WebhookFault, bool]) -> None:
    async with receiving(tmp_path, answering(status, Location="https://hooks.example.com/other")) as receiver:
        assert await fault(post(receiver)) == expected
        assert len(receiver.requests) == 1


@pytest.mark.parametrize(
    "addresses",
    [["127.0.0.1"], ["93.184.216.34", "127.0.0.1"], ["169.254.169.254"], ["::ffff:127.0.0.1"], ["64:ff9b::7f00:1"]],
)
async def test_a_name_that_stands_for_an_address_inside_is_never_connected_to(
    tmp_path: Path, addresses: list[str]
) -> None:
    async with receiving(tmp_path, answering(200)) as receiver:
        assert await fault(post(receiver, "", addresses, private=False)) == (WebhookFault.INSIDE, False)
        assert receiver.requests == []


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "169.254.169.254", "0.0.0.0"])
async def test_an_address_inside_in_digits_is_never_connected_to(tmp_path: Path, host: str) -> None:
    async with receiving(tmp_path, answering(200)) as receiver:
        url = f"https://{host}:{receiver.port}/"
        assert await fault(post(receiver, url, private=False)) == (WebhookFault.INSIDE, False)
        assert receiver.requests == []


async def test_the_address_that_was_checked_is_the_one_that_is_connected_to(tmp_path: Path) -> None:
    # The second look-up would lead inside; there is none.
    resolver = FixedResolver(["192.0.2.1"], ["127.0.0.1"])
    checked: list[str] = []
    async with receiving(tmp_path, answering(200)) as receiver:
        connected: list[object] = []
        loop = asyncio.get_running_loop()

        def public(address: str) -> bool:
            checked.append(address)
            return True

        async def connect(sock: socket.socket, address: object) -> None:
            connected.append(address)
            raise ConnectionRefusedError

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(loop, "sock_connect", connect)
            patch.setattr("groundwire_server.adapters.webhooks.http.is_public", public)
            async with HttpWebhookSender.opened(30, lambda _: False, receiver.ca, resolver) as sender:
                assert await fault(sender.post(receiver.url, {}, b"{}")) == (WebhookFault.UNREACHABLE, False)
        assert checked == ["192.0.2.1"]
        assert connected == [("192.0.2.1", receiver.port)]
        assert resolver.asked == 1


async def test_every_post_looks_its_host_up_again(tmp_path: Path) -> None:
    async with receiving(tmp_path, answering(200)) as receiver:
        resolver = FixedResolver(["127.0.0.1"])
        async with HttpWebhookSender.opened(30, lambda _: True, receiver.ca, resolver) as sender:
            for _ in range(2):
                await sender.post(receiver.url, {}, b"{}")
        assert (resolver.asked, len(receiver.requests)) == (2, 2)


async def test_a_certificate_of_another_authority_is_refused(tmp_path: Path) -> None:
    (other := tmp_path / "other").mkdir()
    async with receiving(tmp_path, answering(200)) as receiver, receiving(other, answering(200)) as foreign:
        receiver.ca = foreign.ca
        assert await fault(post(receiver)) == (WebhookFault.TLS, False)
        assert receiver.requests == []


async def test_a_receiver_that_is_slow_is_left(tmp_path: Path) -> None:
    leave = asyncio.Event()

    async def slow(request: web.BaseRequest) -> web.StreamResponse:
        await leave.wait()
        return web.Response()

    async with receiving(tmp_path, slow) as receiver:
        assert await fault(post(receiver, most=0.2)) == (WebhookFault.SLOW, False)
        leave.set()


async def test_a_response_without_end_is_read_no_further(tmp_path: Path) -> None:
    sent = 0

    async def endless(request: web.BaseRequest) -> web.StreamResponse:
        nonlocal sent
        response = web.StreamResponse()
        await response.prepare(request)
        with suppress(ConnectionError):  # the end of this loop
            while True:
                await response.write(b"x" * 65_536)
                sent += 65_536
        return response

    async with receiving(tmp_path, endless) as receiver:
        await post(receiver)
    assert sent < 64 * 1024 * 1024


async def test_a_receiver_that_is_away_is_unreachable(tmp_path: Path) -> None:
    async with receiving(tmp_path, answering(200)) as receiver:
        pass
    assert await fault(post(receiver)) == (WebhookFault.UNREACHABLE, False)
