"""The clock of the wall is stepped under a server, as NTP does: calls go on, and nothing is lost or done twice."""

from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path

import pytest

from groundwire.v1.experiment_service_pb2 import EXPERIMENT_STATE_RUNNING, EXPERIMENT_STATE_SCHEDULED
from groundwire_server.app import clock
from tests.e2e.experiments.splitting import NAME, ROUTE, Splitting, configured, split, splitting

OF_ROUTE = {("", "first")}


class Wall:
    """A clock of the wall that a test steps; it stands in for `datetime` where the time is read."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.ahead = timedelta()
        monkeypatch.setattr(clock, "datetime", self)

    def now(self, zone: tzinfo) -> datetime:
        return datetime.now(zone) + self.ahead

    def at(self, minutes: float) -> str:
        """A time so many minutes from now, as a definition has it."""
        return (self.now(UTC) + timedelta(minutes=minutes)).isoformat(timespec="seconds")


@pytest.fixture
def wall(monkeypatch: pytest.MonkeyPatch) -> Wall:
    return Wall(monkeypatch)


async def state(place: Splitting) -> int:
    return (await place.client.experiment(NAME)).experiment.state


async def test_a_step_back_before_the_start_and_the_way_back(tmp_path: Path, wall: Wall) -> None:
    async with splitting(tmp_path) as place:
        await place.client.apply_experiment(split(more="guards:\n- {metric: ANSWERED, absolute: 0.05}\n"))
        before = await place.arms(8)
        wall.ahead = timedelta(hours=-1)
        assert await state(place) == EXPERIMENT_STATE_SCHEDULED
        assert set((await place.arms(2)).values()) == OF_ROUTE
        await place.guards().look()
        wall.ahead = timedelta()
        assert await state(place) == EXPERIMENT_STATE_RUNNING
        assert await place.arms(8) == before


async def test_a_step_over_the_end_and_back(tmp_path: Path, wall: Wall) -> None:
    async with splitting(tmp_path) as place:
        await place.client.apply_experiment(split(more=f"end: {wall.at(30)}"))
        before = await place.arms(8)
        wall.ahead = timedelta(hours=1)
        assert set((await place.arms(2)).values()) == OF_ROUTE
        # Another configuration is opened meanwhile.
        assert await place.reload(configured(tmp_path, f"{ROUTE}, mode: PROVISIONAL"))
        assert set((await place.arms(2)).values()) == OF_ROUTE
        wall.ahead = timedelta()
        assert await place.arms(8) == before


async def test_a_server_that_starts_with_a_clock_that_is_ahead(tmp_path: Path, wall: Wall) -> None:
    async with splitting(tmp_path) as place:
        await place.client.apply_experiment(split(more=f"end: {wall.at(30)}"))
        before = await place.arms(8)
    wall.ahead = timedelta(hours=1)
    async with splitting(tmp_path) as place:
        assert set((await place.arms(2)).values()) == OF_ROUTE
        wall.ahead = timedelta()
        assert await place.arms(8) == before


async def test_a_ramp_takes_units_in_again_that_a_step_back_left_out(tmp_path: Path, wall: Wall) -> None:
    steps = "ramp: [{after_hours: 0, percent: 10}, {after_hours: 1, percent: 100}]"
    async with splitting(tmp_path) as place:
        await place.client.apply_experiment(split(more=f"start: {wall.at(-90)}\n{steps}"))
        whole = await place.arms(20)
        wall.ahead = timedelta(hours=-1)
        part = {user: arm for user, arm in (await place.arms(20)).items() if arm not in OF_ROUTE}
        assert len(part) < len(whole)
        assert part.items() <= whole.items()
        wall.ahead = timedelta()
        assert await place.arms(20) == whole


async def test_recordings_are_kept_for_their_time_whatever_an_hour_does(tmp_path: Path, wall: Wall) -> None:
    recording = "recording: {tenants: [acme], share: 1, mask: []}"
    async with splitting(tmp_path, configured(tmp_path, f"{ROUTE}, {recording}")) as place:
        opened = place.server.process.recordings
        assert opened is not None
        for hours in (0, 1, -1):
            wall.ahead = timedelta(hours=hours)
            await place.answer()
            await opened.writer.settle()
            await opened.records.sweep()
        wall.ahead = timedelta()
        kept = [each async for each in place.client.recordings()]
        assert len(kept) == 3
        lasting = {each.expire_time.ToDatetime(UTC) - each.create_time.ToDatetime(UTC) for each in kept}
        assert lasting == {timedelta(days=14)}
