"""What is posted when a queued answer is done."""

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from google.protobuf.json_format import MessageToDict

from groundwire.v1.answer_service_pb2 import AnswerResponse
from groundwire_server.ports.outbox import WebhookSender
from groundwire_server.work.webhooks import WebhookOptions, Webhooks


def _answer(result: bytes) -> Any:
    return MessageToDict(AnswerResponse.FromString(result))


def webhooks_of(options: WebhookOptions | None) -> Webhooks | None:
    """Return which webhooks may be asked for; None where the operator allows none."""
    # Jitter is no secret.
    return None if options is None else Webhooks(options, _answer, random.Random())  # noqa: S311


@asynccontextmanager
async def open_webhook_sender(options: WebhookOptions | None) -> AsyncIterator[WebhookSender | None]:
    """Yield what posts webhooks; None where the operator allows none."""
    if options is None:
        yield None
        return
    # Imported here: a server that posts nothing starts without an HTTP client.
    from groundwire_server.adapters.webhooks.http import HttpWebhookSender  # noqa: PLC0415

    async with HttpWebhookSender.opened(options.timeout_seconds, options.private, options.ca_file) as sender:
        yield sender
