"""What every reranker keeps, whatever stands behind it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path

import pytest

from groundwire_server.domain.consumption import ChargedFailure
from groundwire_server.domain.deadline import NEVER, Deadline
from groundwire_server.domain.generation import Usage
from groundwire_server.domain.vocabulary import Cause
from groundwire_server.ports.reranker import Reranker
from tests.doubles.reranking_model import APIS, asked, reply, wired
from tests.doubles.time import SocketTimeLoop

MASK = ", mask: [email, phone]"
RIGHT, WRONG = "The desk opens at six by day.", "Cats sleep."


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    return {"sockets": SocketTimeLoop}


@pytest.fixture(params=[*APIS, "masking", pytest.param("onnx", marks=pytest.mark.local)])
async def reranker(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Reranker]:
    if request.param == "onnx":
        from tests.doubles.cross_encoder import write_cross_encoder

        write_cross_encoder(tmp_path / "model", [RIGHT, WRONG], "sigmoid")
        async with wired(tmp_path, f"kind: onnx, folder: {tmp_path / 'model'}, workers: 2") as at:
            yield at.reranker
        return
    name, provider = (next(iter(APIS)), MASK) if request.param == "masking" else (request.param, "")
    async with wired(tmp_path, APIS[name][0], reply(name), provider=provider) as at:
        yield at.reranker


def soon() -> Deadline:
    return Deadline(asyncio.get_running_loop().time() + 30)


async def test_gives_a_rating_from_0_to_1_for_each_text_in_order(reranker: Reranker) -> None:
    reply = await reranker.rate(asked(WRONG, RIGHT, WRONG, RIGHT), soon())
    assert isinstance(reply.ratings, tuple)
    first, second, third, fourth = reply.ratings
    assert 0 <= first == third < 0.2
    assert 0.9 < second == fourth <= 1


async def test_takes_any_text_and_any_question(reranker: Reranker) -> None:
    odd = ["", " \n", "\x00", "\ud800", "ñ" * 500, "</s>[SEP]", "שלום", "word " * 9000, "🙂", "\u202e"]
    assert len((await reranker.rate(asked(*odd), soon())).ratings) == len(odd)
    for question in [each for each in odd if each.strip()]:
        (rating,) = (await reranker.rate(asked(RIGHT, question=question), soon())).ratings
        assert 0 <= rating <= 1


async def test_takes_more_texts_than_a_request_holds(reranker: Reranker) -> None:
    texts = [RIGHT if number % 3 else WRONG for number in range(200)]
    reply = await reranker.rate(asked(*texts), soon())
    assert [rating > 0.5 for rating in reply.ratings] == [bool(number % 3) for number in range(200)]


async def test_no_texts_need_no_call(reranker: Reranker) -> None:
    reply = await reranker.rate(asked(), soon())
    assert (reply.ratings, reply.usage) == ((), Usage())


async def test_has_a_name_and_a_fingerprint(reranker: Reranker) -> None:
    assert reranker.name == "it"
    assert len(reranker.fingerprint) == 16


async def test_fails_once_the_deadline_has_passed(reranker: Reranker) -> None:
    with pytest.raises(ChargedFailure) as failure:
        await reranker.rate(asked(RIGHT), Deadline(asyncio.get_running_loop().time() - 1))
    assert failure.value.cause is Cause.MODEL_TIMEOUT
    assert failure.value.usage == Usage()


async def test_a_cancelled_call_ends_at_once_and_harms_no_other(reranker: Reranker) -> None:
    task = asyncio.create_task(reranker.rate(asked(RIGHT), soon()))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert len((await reranker.rate(asked(RIGHT), NEVER)).ratings) == 1


async def test_calls_side_by_side_do_not_mix(reranker: Reranker) -> None:
    calls = [asked(*[RIGHT if number % 2 else WRONG] * (number + 1)) for number in range(5)]
    replies = await asyncio.gather(*(reranker.rate(call, soon()) for call in calls))
    for number, found in enumerate(replies):
        assert [rating > 0.5 for rating in found.ratings] == [bool(number % 2)] * (number + 1)


async def test_the_same_request_has_the_same_ratings(reranker: Reranker) -> None:
    once, again = [await reranker.rate(asked(RIGHT, WRONG, "The desk."), soon()) for _ in range(2)]
    assert once == again
