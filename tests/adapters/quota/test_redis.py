"""What becomes of limits when Redis is away, slow, full, replaced or somebody else's."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import ResponseError

from groundwire_server.adapters.quota.deliveries import Deliveries, NotSentError, Send
from groundwire_server.adapters.quota.redis import VERSION, RedisQuotaStore
from groundwire_server.adapters.redis.connection import connected
from groundwire_server.adapters.redis.faults import RedisFault, fault_of
from groundwire_server.adapters.redis.options import RedisOptions
from groundwire_server.domain.quota import Calendar, CallLease, Concurrent, Demand, Settlement, Spending, TokenBucket
from groundwire_server.ports.quota_store import QuotaStoreError
from tests.redis_server import needs_redis, redis_server

pytestmark = [pytest.mark.process, needs_redis]

HOUR = 3_600_000_000
DEMANDS = [
    Demand("rate", TokenBucket(10, HOUR), 1),
    Demand("money", Spending(100, Calendar.DAY), 5),
    Demand("calls", Concurrent(5), 1),
]
LEASE = CallLease("a", HOUR)


@pytest.fixture(scope="module")
def redis_url() -> Iterator[str]:
    with TemporaryDirectory(prefix="groundwire-") as folder, redis_server(Path(folder)) as url:
        yield url


@pytest.fixture
async def client(redis_url: str) -> AsyncIterator["Redis"]:
    async with connected(RedisOptions(url=redis_url, timeout_seconds=10)) as client:
        await client.flushall()
        await client.config_set("maxmemory", 0)
        yield client


@pytest.fixture
async def store(client: "Redis") -> AsyncIterator[RedisQuotaStore]:
    opened = RedisQuotaStore(client, "test")
    yield opened
    await opened.flush()


async def fault(store: RedisQuotaStore) -> RedisFault:
    with pytest.raises(QuotaStoreError) as raised:
        await store.take(DEMANDS, LEASE)
    assert isinstance(raised.value.fault, RedisFault)
    return raised.value.fault


async def commands(client: "Redis") -> dict[str, int]:
    return {name.removeprefix("cmdstat_"): each["calls"] for name, each in (await client.info("commandstats")).items()}


async def test_all_limits_of_a_call_are_one_command(store: RedisQuotaStore, client: "Redis") -> None:
    await store.take(DEMANDS, LEASE)
    before = await commands(client)
    await store.take(DEMANDS, CallLease("b", HOUR))
    after = await commands(client)
    assert after["evalsha"] - before["evalsha"] == 1
    assert after.get("eval", 0) == before.get("eval", 0)


async def test_a_redis_that_forgot_its_scripts_is_sent_them_again(store: RedisQuotaStore, client: "Redis") -> None:
    await store.take(DEMANDS, LEASE)
    await client.script_flush()
    assert [level.used for level in (await store.take(DEMANDS, CallLease("b", HOUR))).levels] == [2, 10, 2]


async def test_one_that_was_replaced_by_an_empty_one_counts_anew(store: RedisQuotaStore, client: "Redis") -> None:
    await store.take(DEMANDS, LEASE)
    await client.flushall()
    store.give_back(["calls"], LEASE)
    await store.flush()
    assert [level.used for level in (await store.take(DEMANDS, LEASE)).levels] == [1, 5, 1]


async def test_every_key_has_the_version_one_hash_tag_and_an_expiry_and_names_nobody(
    store: RedisQuotaStore, client: "Redis"
) -> None:
    await store.take(DEMANDS, LEASE)
    keys = [bytes(key).decode() for key in await client.keys()]  # type: ignore[arg-type]
    assert len(keys) == 3
    assert all(key.startswith(f"{{test}}:limits:{VERSION}:") for key in keys)
    assert not [key for key in keys if any(demand.key in key for demand in DEMANDS)]
    assert [await client.ttl(key) > 0 for key in keys] == [True] * 3


async def test_keys_of_another_version_are_not_looked_at(store: RedisQuotaStore, client: "Redis") -> None:
    await store.take(DEMANDS, LEASE)
    for key in await client.keys():
        name = bytes(key).decode()  # type: ignore[arg-type]
        await client.rename(name, name.replace(f":{VERSION}:", f":{VERSION + 1}:"))
    assert [level.used for level in (await store.take(DEMANDS, LEASE)).levels] == [1, 5, 1]


async def test_a_key_of_another_program_is_named_as_such_and_nothing_is_taken(
    store: RedisQuotaStore, client: "Redis"
) -> None:
    await store.take(DEMANDS[1:2])
    (key,) = await client.keys()
    await client.delete(key)
    await client.lpush(key, "not ours")
    assert await fault(store) is RedisFault.FOREIGN
    assert await client.keys() == [key]


async def test_a_clock_that_was_set_back_locks_nobody_out(store: RedisQuotaStore, client: "Redis") -> None:
    await store.take(DEMANDS[:1])
    (key,) = await client.keys()
    year = 365 * 24 * HOUR
    await client.set(key, int(await client.get(key) or 0) + year)
    assert [level.used for level in (await store.take(DEMANDS[:1])).levels] == [1]


async def test_one_that_is_full_is_named_as_such(store: RedisQuotaStore, client: "Redis") -> None:
    await store.take(DEMANDS, LEASE)
    await client.config_set("maxmemory", 1)
    assert await fault(store) is RedisFault.FULL


async def test_a_replica_is_named_as_such(store: RedisQuotaStore, client: "Redis") -> None:
    await store.take(DEMANDS, LEASE)
    await client.replicaof("127.0.0.1", 1)
    try:
        assert await fault(store) in {RedisFault.READ_ONLY, RedisFault.REFUSED}
    finally:
        await client.replicaof("NO", "ONE")


async def test_one_that_does_not_answer_holds_up_one_call_and_no_other(client: "Redis") -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        url = f"redis://127.0.0.1:{silent.getsockname()[1]}"
        async with connected(RedisOptions(url=url, timeout_seconds=0.05)) as away:
            store = RedisQuotaStore(away, "test")
            assert await fault(store) is RedisFault.SLOW
            began = asyncio.get_running_loop().time()
            for _ in range(1000):
                assert await fault(store) is RedisFault.SLOW
            assert asyncio.get_running_loop().time() - began < 50  # 1000 waits of 0.05 s


async def test_one_that_is_not_there_is_named_as_such(tmp_path: Path) -> None:
    async with connected(RedisOptions(url=f"unix://{tmp_path}/none.sock")) as away:
        assert await fault(RedisQuotaStore(away, "test")) is RedisFault.AWAY


async def test_what_was_used_while_it_took_nothing_is_counted_when_it_does_again(
    store: RedisQuotaStore, client: "Redis"
) -> None:
    taken = await store.take(DEMANDS, LEASE)
    await client.replicaof("127.0.0.1", "1")
    store.give_back(["calls"], LEASE)
    store.settle([Settlement(DEMANDS[1], taken.now, 2)])
    await asyncio.sleep(0.1)
    await client.replicaof("NO", "ONE")
    await store.flush()
    assert [level.used for level in (await store.take([replace(each, amount=0) for each in DEMANDS])).levels] == [
        1,
        2,
        0,
    ]


class _TwoConnections:
    """A client that answers slowly and fails whoever finds no connection free; it stands for its pool, too."""

    max_connections = 2

    def __init__(self) -> None:
        self.connection_pool = self
        self.used = 0

    async def evalsha(self, *_: object) -> list[int]:
        if self.used == self.max_connections:
            raise RedisConnectionError("No connection available.")
        self.used += 1
        await asyncio.sleep(0.1)
        self.used -= 1
        return [1, 0, 1, 0]


async def test_a_burst_waits_for_connections_and_nobody_goes_on_without_limits() -> None:
    store = RedisQuotaStore(_TwoConnections(), "test")  # type: ignore[arg-type]
    taken = await asyncio.gather(*(store.take(DEMANDS[:1]) for _ in range(100)))
    assert all(each.admitted for each in taken)


async def test_connections_that_others_use_say_nothing_about_redis(redis_url: str) -> None:
    async with connected(RedisOptions(url=redis_url, timeout_seconds=0.1, max_connections=1)) as client:
        store = RedisQuotaStore(client, "test")
        connection = await client.connection_pool.get_connection()  # type: ignore[no-untyped-call]
        assert await fault(store) is RedisFault.BUSY
        await client.connection_pool.release(connection)
        assert (await store.take(DEMANDS, LEASE)).admitted


async def test_what_cannot_be_counted_in_the_background_ends_no_call(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with connected(RedisOptions(url=f"unix://{tmp_path}/none.sock")) as away:
        store = RedisQuotaStore(away, "test")
        store.give_back(["calls"], LEASE)
        await store.flush()
    assert [record.message for record in caplog.records] == [
        "what calls used is counted when the store takes it",
        "what calls used could not be counted",
    ]


async def test_a_message_that_can_never_arrive_keeps_no_other_back(store: RedisQuotaStore, client: "Redis") -> None:
    await store.take(DEMANDS, LEASE)
    await client.replicaof("127.0.0.1", "1")
    store.give_back(["another program's"], LEASE)
    store.give_back(["calls"], LEASE)
    await asyncio.sleep(0.1)
    await client.replicaof("NO", "ONE")
    await client.set(store._key("another program's"), "x")
    await store.flush()
    assert (await store.take([replace(DEMANDS[2], amount=0)])).levels[0].used == 0


async def test_of_messages_for_a_store_that_stays_away_the_oldest_are_given_up() -> None:
    deliveries, arrived = Deliveries(), []
    away = True

    def message(number: int) -> Send:
        async def send() -> None:
            if away:
                raise NotSentError(RedisFault.AWAY)
            arrived.append(number)

        return send

    for number in range(20_000):
        deliveries.send(message(number), repeatable=False)
        if not number % 500:
            await asyncio.sleep(0)
    away = False
    await deliveries.flush()
    assert len(arrived) == 10_000
    assert "0 on their way, 0 waiting" in repr(deliveries)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("MOVED 3999 127.0.0.1:6381", RedisFault.CLUSTER),
        ("CROSSSLOT Keys in request don't hash to the same slot", RedisFault.CLUSTER),
        ("CLUSTERDOWN The cluster is down", RedisFault.CLUSTER),
        ("LOADING Redis is loading the dataset in memory", RedisFault.LOADING),
        ("NOPERM this user has no permissions", RedisFault.DENIED),
        ("ERR unknown command", RedisFault.REFUSED),
    ],
)
def test_what_redis_says_is_one_line_that_says_what_to_do(text: str, named: RedisFault) -> None:
    assert fault_of(ResponseError(text)) is named
    assert "\n" not in str(named)
