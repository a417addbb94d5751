"""API keys: which are valid, and how their file is kept."""

# ruff: noqa: ASYNC240  # the files are small, and nothing waits for the loop

import json
import os
import stat
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from groundwire_server.adapters.authentication import key_file
from groundwire_server.adapters.authentication.api_keys import ApiKeys
from groundwire_server.adapters.authentication.key_file import KeyFileError, changing, new_key, revoked
from groundwire_server.domain.access_denied import AccessDenied, DenialReason
from groundwire_server.domain.caller import Caller, Role
from groundwire_server.domain.credentials import Credentials
from groundwire_server.domain.vocabulary import Reason
from tests.doubles.clock import SetClock

ALICE = Caller("acme", "alice", frozenset({"staff"}), frozenset({Role.READER, Role.WRITER}))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "groundwire-keys.json"


@pytest.fixture
def make(path: Path, clock: SetClock) -> Callable[..., str]:
    """Adds a key to the file and gives its text."""

    def made(caller: Caller = ALICE, lasts: timedelta | None = timedelta(days=90)) -> str:
        now = clock.today()
        key, text = new_key(caller, now, None if lasts is None else now + lasts)
        with changing(path) as keys:
            keys[key.key_id] = key
        return text

    return made


def id_of(text: str) -> str:
    return text.split("_")[1]


async def refusal_of(keys: ApiKeys, text: str) -> AccessDenied:
    with pytest.raises(AccessDenied) as caught:
        await keys.authenticate(Credentials(api_key=text))
    assert caught.value.reason is Reason.UNAUTHENTICATED
    # A secret may itself hold underscores, and end with one.
    assert (text.split("_", 2)[-1] or text) not in repr(caught.value.about)
    return caught.value


async def test_a_key_says_who_calls(path: Path, make: Callable[..., str], clock: SetClock) -> None:
    text = make()
    keys = await ApiKeys.open(path, clock)
    assert await keys.authenticate(Credentials(api_key=text)) == ALICE


async def test_the_file_holds_nothing_that_opens_anything(path: Path, make: Callable[..., str]) -> None:
    text = make()
    kept = path.read_text()
    assert text.split("_", 2)[2] not in kept
    assert id_of(text) in kept


def test_secrets_have_256_bits_and_no_two_are_alike(clock: SetClock) -> None:
    texts = {new_key(ALICE, clock.today(), None)[1] for _ in range(100)}
    assert len({text.split("_", 2)[2] for text in texts}) == 100
    assert all(len(text.split("_", 2)[2]) == 43 for text in texts)


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o077])
def test_the_file_is_its_owners_alone_and_nothing_is_left_beside_it(
    path: Path, make: Callable[..., str], mask: int
) -> None:
    before = os.umask(mask)
    try:
        make()
        make()
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(path.parent.iterdir()) == [path]


async def test_a_key_is_revoked_through_a_link_to_the_file(
    path: Path, make: Callable[..., str], clock: SetClock, tmp_path: Path
) -> None:
    text = make()
    keys = await ApiKeys.open(path, clock)
    link = _linked(tmp_path / "elsewhere", path)
    with changing(link) as held:
        held[id_of(text)] = revoked(held[id_of(text)], clock.today())
    assert link.is_symlink()
    assert (await refusal_of(keys, text)).word is DenialReason.API_KEY_REVOKED


def _linked(folder: Path, path: Path) -> Path:
    folder.mkdir()
    link = folder / "keys.json"
    link.symlink_to(path)
    return link


@pytest.mark.parametrize(("before", "after"), [(0o640, 0o640), (0o644, 0o640), (0o600, 0o600), (0o400, 0o600)])
def test_a_change_keeps_the_file_readable_by_the_group_that_runs_the_server(
    path: Path, make: Callable[..., str], before: int, after: int
) -> None:
    make()
    path.chmod(before)
    make()
    assert stat.S_IMODE(path.stat().st_mode) == after


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give a file away")
def test_a_change_by_root_leaves_the_file_to_its_owner(path: Path, make: Callable[..., str]) -> None:
    make()
    os.chown(path, 4711, 4712)
    make()
    assert (path.stat().st_uid, path.stat().st_gid) == (4711, 4712)


@pytest.mark.parametrize("mode", [0o666, 0o602])
def test_a_file_that_everybody_can_write_is_refused(path: Path, make: Callable[..., str], mode: int) -> None:
    make()
    path.chmod(mode)
    with pytest.raises(KeyFileError, match=f"chmod o-w {path}"):
        key_file.read(path)


async def test_a_key_ends_when_it_expires(path: Path, make: Callable[..., str], clock: SetClock) -> None:
    text = make(lasts=timedelta(hours=1))
    keys = await ApiKeys.open(path, clock)
    clock.move(3599.0)
    await keys.authenticate(Credentials(api_key=text))
    clock.move(1.0)
    refused = await refusal_of(keys, text)
    assert refused.word is DenialReason.API_KEY_EXPIRED
    assert refused.about == {"key_id": id_of(text)}


async def test_a_revocation_counts_from_the_next_call_on(path: Path, make: Callable[..., str], clock: SetClock) -> None:
    text, other = make(), make()
    keys = await ApiKeys.open(path, clock)
    await keys.authenticate(Credentials(api_key=text))
    with changing(path) as kept:
        kept[id_of(text)] = revoked(kept[id_of(text)], clock.today())
    assert (await refusal_of(keys, text)).word is DenialReason.API_KEY_REVOKED
    assert await keys.authenticate(Credentials(api_key=other)) == ALICE


async def test_an_old_and_a_new_key_of_one_subject_are_good_together(
    path: Path, make: Callable[..., str], clock: SetClock
) -> None:
    old = make()
    keys = await ApiKeys.open(path, clock)
    new = make()
    assert await keys.authenticate(Credentials(api_key=old)) == await keys.authenticate(Credentials(api_key=new))


def _other_secret(text: str) -> str:
    return text[:-1] + ("A" if text[-1] != "A" else "B")


def _other_id(text: str) -> str:
    return text.replace(id_of(text), "0" * 12)


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (_other_secret, DenialReason.API_KEY_UNKNOWN),
        (_other_id, DenialReason.API_KEY_UNKNOWN),
        (str.upper, DenialReason.API_KEY_MALFORMED),
        (lambda text: text[:-1], DenialReason.API_KEY_MALFORMED),
        (lambda text: text + "\n", DenialReason.API_KEY_MALFORMED),
        (lambda text: " " + text, DenialReason.API_KEY_MALFORMED),
        (lambda text: text + text, DenialReason.API_KEY_MALFORMED),
        (lambda text: "gw__" + text.split("_", 2)[2], DenialReason.API_KEY_MALFORMED),
        (id_of, DenialReason.API_KEY_MALFORMED),
        (lambda text: "é" * 60, DenialReason.API_KEY_MALFORMED),
    ],
)
async def test_what_is_no_key_of_ours_is_refused(
    path: Path, make: Callable[..., str], clock: SetClock, change: Callable[[str], str], word: DenialReason
) -> None:
    text = make()
    keys = await ApiKeys.open(path, clock)
    assert (await refusal_of(keys, change(text))).word is word


async def test_the_hash_is_no_key(path: Path, make: Callable[..., str], clock: SetClock) -> None:
    text = make()
    (kept,) = json.loads(path.read_text())["keys"]
    keys = await ApiKeys.open(path, clock)
    assert (await refusal_of(keys, f"gw_{id_of(text)}_{kept['hash'][:43]}")).word is DenialReason.API_KEY_UNKNOWN


async def test_a_file_that_breaks_leaves_the_keys_and_is_told_of_once(
    path: Path, make: Callable[..., str], clock: SetClock, caplog: pytest.LogCaptureFixture
) -> None:
    text = make()
    keys = await ApiKeys.open(path, clock)
    good = path.read_bytes()
    path.write_text("{ half a file")
    for _ in range(3):
        assert await keys.authenticate(Credentials(api_key=text)) == ALICE
    (record,) = caplog.records
    assert "is not a key file of groundwire, or is damaged" in vars(record)["why"]
    path.unlink()
    assert await keys.authenticate(Credentials(api_key=text)) == ALICE
    path.write_bytes(good.replace(b'"revoked": null', b'"revoked": "2026-01-01T00:00:00+00:00"'))
    assert (await refusal_of(keys, text)).word is DenialReason.API_KEY_REVOKED


def _with(**changes: Any) -> Callable[[dict[str, Any]], Any]:
    return lambda content: content | {"keys": [content["keys"][0] | changes]}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda content: [], "is not a key file"),
        (lambda content: content["keys"], "is not a key file"),
        (lambda content: {}, "is not a key file"),
        (lambda content: content | {"version": 2}, "another version"),
        (lambda content: content | {"keys": {"a": 1}}, "is not a key file"),
        (lambda content: content | {"keys": content["keys"] * 2}, "an id twice"),
        (_with(hash="beef"), "is not a key file"),
        (_with(hash=None), "is not a key file"),
        (_with(tenant="a b"), "is not a key file"),
        (_with(principals=["*"]), "is not a key file"),
        (_with(roles=["root"]), "is not a key file"),
        (_with(expires="soon"), "is not a key file"),
        (_with(created=None), "is not a key file"),
    ],
)
async def test_a_damaged_file_is_refused_in_one_line(
    path: Path, make: Callable[..., str], clock: SetClock, change: Callable[[Any], Any], says: str
) -> None:
    make()
    path.write_text(json.dumps(change(json.loads(path.read_text()))))
    with pytest.raises(KeyFileError, match=says) as caught:
        await ApiKeys.open(path, clock)
    assert "\n" not in str(caught.value)
    assert str(path) in str(caught.value)


async def test_a_file_that_is_not_there_says_how_to_make_one(path: Path, clock: SetClock) -> None:
    with pytest.raises(KeyFileError, match="groundwire keys create"):
        await ApiKeys.open(path, clock)
    with pytest.raises(KeyFileError, match="is a folder"):
        await ApiKeys.open(path.parent, clock)


def test_keys_made_at_once_are_all_kept(path: Path, make: Callable[..., str]) -> None:
    with ThreadPoolExecutor(8) as pool:
        texts = list(pool.map(lambda _: make(), range(32)))
    assert key_file.read(path).keys() == {id_of(text) for text in texts}


def test_a_change_that_fails_changes_nothing(path: Path, make: Callable[..., str]) -> None:
    make()
    before = path.read_bytes()

    @contextmanager
    def failing() -> Iterator[None]:
        with changing(path) as keys:
            keys.clear()
            yield

    with pytest.raises(ZeroDivisionError), failing():
        raise ZeroDivisionError
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]
