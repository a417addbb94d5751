"""What every guard outside this process keeps, whatever stands behind it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path

import pytest

from groundwire_server.domain.consumption import ChargedFailure
from groundwire_server.domain.deadline import NEVER, Deadline
from groundwire_server.domain.generation import Usage
from groundwire_server.domain.guards.finding import Finding
from groundwire_server.domain.vocabulary import Cause, Screen
from groundwire_server.ports.guard import RemoteGuard
from tests.doubles.guarding import HTTP, WordGuard, asked, grpc_guard, opened, over_grpc, reply, wired
from tests.doubles.time import ServerTimeLoop

WORD = "forbidden"
RIGHT, WRONG = "The desk opens at six by day.", "This word is forbidden here."

SCRIPTS = {
    "Latin": "Žluťoučký kůň",
    "Greek": "Η γρήγορη αλεπού",
    "Cyrillic": "Быстрая лиса",
    "Armenian": "Արագ աղվեսը",
    "Georgian": "სწრაფი მელა",
    "Hebrew": "השועל המהיר",
    "Arabic": "الثعلب السريع",
    "Persian": "روباه سریع",
    "Devanagari": "तेज़ लोमड़ी",
    "Bengali": "দ্রুত শিয়াল",
    "Tamil": "வேகமான நரி",
    "Telugu": "వేగవంతమైన నక్క",
    "Thai": "สุนัขจิ้งจอกที่รวดเร็ว",
    "Khmer": "កញ្ជ្រោងរហ័ស",
    "Burmese": "မြန်ဆန်သော မြေခွေး",
    "Tibetan": "མགྱོགས་པོའི་ཝ་མོ།",
    "Ethiopic": "ፈጣን ቀበሮ",
    "Korean": "재빠른 여우",
    "Japanese": "素早いキツネは",
    "Chinese": "敏捷的狐狸",
    "emoji": "👩‍👩‍👧 🇩🇪 𝔽",
    "combining": "z̸̢͎a̶̧l̷g̵o",
}


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    return {"server": ServerTimeLoop}


@pytest.fixture(
    params=["double", *HTTP, *(pytest.param(name, marks=pytest.mark.server) for name in ("grpc", "masking"))]
)
async def guard(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[RemoteGuard]:
    match request.param:
        case "double":
            yield WordGuard()
        case "grpc" | "masking" as name:
            mask = ", mask: [email, phone]" if name == "masking" else ""
            async with grpc_guard() as double, opened(tmp_path, over_grpc(double.port, mask)) as at:
                yield at.guard
        case name:
            async with wired(tmp_path, HTTP[name][0], reply(name)) as (at, _):
                yield at.guard


def soon() -> Deadline:
    return Deadline(asyncio.get_running_loop().time() + 30)


def surrounds(found: tuple[Finding, ...], text: str) -> bool:
    """Whether each finding has the word in it."""
    return all(WORD in text[each.start : each.end] for each in found)


async def test_gives_what_it_finds_in_each_text_in_order(guard: RemoteGuard) -> None:
    texts = (RIGHT, WRONG, "Cats sleep.", f"{WORD} {WRONG}")
    said = await guard.screen(asked(*texts), soon())
    assert [bool(found) for found in said.findings] == [False, True, False, True]
    for text, found in zip(texts, said.findings, strict=True):
        assert surrounds(found, text)
        assert all(each.category == "terms" and each.rule and 0 <= each.start < each.end for each in found)
        assert list(found) == sorted(found, key=lambda each: each.start)


@pytest.mark.parametrize("screen", Screen)
async def test_looks_wherever_the_texts_come_from(guard: RemoteGuard, screen: Screen) -> None:
    (found,) = (await guard.screen(asked(WRONG, at=screen), soon())).findings
    assert len(found) == 1


@pytest.mark.parametrize("script", SCRIPTS)
async def test_places_are_code_points_in_every_script(guard: RemoteGuard, script: str) -> None:
    text = f"{SCRIPTS[script]} {WORD} {SCRIPTS[script]}"
    (found,) = (await guard.screen(asked(text), soon())).findings
    assert [(each.start, each.end) for each in found] in (
        [(text.index(WORD), text.index(WORD) + len(WORD))],
        [(0, len(text))],
    )


@pytest.mark.parametrize("filler", ["word ", "ß", "語", "🙂", "e\u0301\u0323"])
async def test_a_long_text_is_looked_at_to_its_end(guard: RemoteGuard, filler: str) -> None:
    text = filler * (32_000 // len(filler.encode())) + WORD
    (found,) = (await guard.screen(asked(text), soon())).findings
    assert found
    assert surrounds(found, text)
    assert max(each.end for each in found) == len(text)


async def test_takes_any_text(guard: RemoteGuard) -> None:
    odd = ["", " \n", "\x00", "\ud800 forbidden", "ñ" * 500, "</s>[SEP]<|im_start|>", "\u200b", "\u202e forbidden"]
    found = (await guard.screen(asked(*odd), soon())).findings
    assert [bool(each) for each in found] == [False, False, False, True, False, False, False, True]
    assert found[3][0].start in {0, 2}


async def test_takes_more_texts_than_a_request_holds(guard: RemoteGuard) -> None:
    texts = [RIGHT if number % 3 else WRONG for number in range(200)]
    found = (await guard.screen(asked(*texts), soon())).findings
    assert [bool(each) for each in found] == [not number % 3 for number in range(200)]


@pytest.mark.parametrize("texts", [(), ("",), ("", " \n", "\t")])
async def test_what_has_nothing_to_look_at_needs_no_call(guard: RemoteGuard, texts: tuple[str, ...]) -> None:
    said = await guard.screen(asked(*texts), Deadline(asyncio.get_running_loop().time() - 1))
    assert (said.findings, said.usage) == (((),) * len(texts), Usage())


async def test_has_an_alias_for_what_it_consumes(guard: RemoteGuard) -> None:
    assert guard.model == "it"


async def test_fails_once_the_deadline_has_passed(guard: RemoteGuard) -> None:
    with pytest.raises(ChargedFailure) as failure:
        await guard.screen(asked(WRONG), Deadline(asyncio.get_running_loop().time() - 1))
    assert failure.value.cause is Cause.MODEL_TIMEOUT
    assert failure.value.usage == Usage()


async def test_a_cancelled_call_ends_at_once_and_harms_no_other(guard: RemoteGuard) -> None:
    task = asyncio.create_task(guard.screen(asked(WRONG), soon()))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert len((await guard.screen(asked(WRONG), NEVER)).findings) == 1


async def test_calls_side_by_side_do_not_mix(guard: RemoteGuard) -> None:
    calls = [asked(*[WRONG if number % 2 else RIGHT] * (number + 1)) for number in range(5)]
    replies = await asyncio.gather(*(guard.screen(call, soon()) for call in calls))
    for number, each in enumerate(replies):
        assert [bool(found) for found in each.findings] == [bool(number % 2)] * (number + 1)


async def test_the_same_texts_have_the_same_findings(guard: RemoteGuard) -> None:
    once, again = [await guard.screen(asked(RIGHT, WRONG, WORD), soon()) for _ in range(2)]
    assert once == again
