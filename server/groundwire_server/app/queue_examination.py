"""Examines what queued answers need beside the database, for `groundwire doctor`."""

import asyncio
from collections.abc import Iterator

from groundwire_server.app.check_result import CheckResult
from groundwire_server.app.configuration.models.configuration import Configuration
from groundwire_server.app.parts.wakeups import broker_of
from groundwire_server.domain.failure import SetupError


def examine_queue(configuration: Configuration) -> Iterator[CheckResult]:
    """Yield a result for the broker of wake-ups, and one for webhooks where they are allowed."""
    yield _wakeups(configuration)
    webhooks = configuration.queue.webhooks
    if webhooks is None:
        return
    # The secrets have been read with the configuration, and can sign.
    without = sorted(set(configuration.tenants or ()) - set(webhooks.secrets))
    if without:
        advice = "add a secret for each to queue.webhooks.secrets, unless they are to have none"
        yield CheckResult.warn("webhooks", f"tenants without webhooks: {', '.join(without)}", advice)
    else:
        yield CheckResult.ok("webhooks", f"webhooks are signed for {', '.join(sorted(webhooks.secrets))}")


def _wakeups(configuration: Configuration) -> CheckResult:
    try:
        broker = broker_of(configuration)
    except SetupError as unusable:
        return CheckResult.fail("wake-ups", str(unusable))
    if broker is None:
        if configuration.queue.concurrent:
            return CheckResult.ok("wake-ups", "wake-ups stay within the process, and reach its own workers")
        seconds = configuration.queue.poll_seconds
        message = f"wake-ups reach no other process: workers look for questions each {seconds:g} s"
        return CheckResult.warn(
            "wake-ups", message, "set queue.wakeups, or the section redis, to have them begin at once"
        )
    # Imported here: what reaches a broker needs its client, which is there by now.
    from groundwire_server.adapters.wakeups.broker import Broker, BrokerError  # noqa: PLC0415

    async def tried(broker: Broker) -> None:
        async with broker.connected():
            return

    try:
        asyncio.run(tried(broker))
    except BrokerError as failed:
        advice = failed.fault.advice or "start it; until then workers look for questions by themselves"
        return CheckResult.warn("wake-ups", f"{broker.name}: {failed.fault.message}", advice)
    return CheckResult.ok("wake-ups", f"{broker.name} carries wake-ups")
