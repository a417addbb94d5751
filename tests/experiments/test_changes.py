"""Changes of experiments by people: what is checked before the records keep one."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final, cast

import pytest

from groundwire_server.domain.experiments.experiment import Arm, ArmEnd, Experiment, ExperimentUnit, RampStep
from groundwire_server.domain.failure import Rejection, Violation
from groundwire_server.domain.vocabulary import Reason
from groundwire_server.experiments.changes import ExperimentChanges
from groundwire_server.ports.registry_records import RegistryRecords

NOW: Final = datetime(2026, 12, 1, tzinfo=UTC)
EXPERIMENT: Final = Experiment(
    name="e",
    route="default",
    unit=ExperimentUnit.END_USER,
    arms=(Arm("control", 50.0), Arm("candidate", 30.0, {"models": ["b"]}), Arm("other", 20.0, {"models": ["c"]})),
    ramp=(RampStep(0.0, 10.0),),
    start=NOW - timedelta(days=1),
    definition="text",
    etag="e1",
)


class Kept:
    """Records of one experiment, which notes what it is asked to keep."""

    def __init__(self, experiment: Experiment | None) -> None:
        self.one = experiment
        self.asked: list[Any] = []

    async def experiment(self, name: str) -> Experiment | None:
        """Return the experiment."""
        return self.one if self.one is not None and self.one.name == name else None

    async def apply(
        self, experiment: Experiment, expected: str, reason: str, checked: int | None = None
    ) -> tuple[Experiment, int]:
        """Keep an experiment."""
        assert checked == 5, "the revision by which it was checked"
        self.asked.append((experiment, expected, reason))
        return replace(experiment, etag="e2"), 7

    async def end_arms(self, experiment: str, ends: Sequence[ArmEnd]) -> tuple[Experiment, int]:
        """End arms."""
        assert self.one is not None
        self.asked.append((experiment, [(each.arm, each.actor, each.reason) for each in ends]))
        return replace(self.one, ended_arms=tuple(ends)), 8


class Today:
    """A clock that stands still."""

    def now(self) -> float:
        return 0.0

    def today(self) -> datetime:
        return NOW


def changes(
    kept: Kept, wanted: Experiment, violations: Sequence[Violation] = (), others: Sequence[Experiment] = ()
) -> ExperimentChanges:
    """Changes that read one experiment, which starts when its file says nothing else."""

    def read(text: str, start: datetime) -> tuple[Experiment, Sequence[Violation]]:
        return replace(wanted, definition=text, start=start if wanted.start == NOW else wanted.start), ()

    def faults(experiment: Experiment, beside: Sequence[Experiment]) -> Sequence[Violation]:
        assert experiment.name not in {each.name for each in beside}
        return violations

    return ExperimentChanges(cast("RegistryRecords", kept), others, read, faults, Today(), lambda: 5)


async def refused(made: ExperimentChanges, etag: str = "") -> Rejection:
    with pytest.raises(Rejection) as raised:
        await made.apply("text", etag, "ops", "")
    return raised.value


async def test_one_that_names_no_start_keeps_the_one_that_it_has() -> None:
    kept = Kept(EXPERIMENT)
    wanted = replace(EXPERIMENT, start=NOW, ramp=(RampStep(0.0, 50.0),), etag="")

    done, revision = await changes(kept, wanted, others=[EXPERIMENT]).apply("new text", "e1", "ops", "more")

    ((asked, expected, reason),) = kept.asked
    assert (asked.start, asked.ramp, asked.actor) == (EXPERIMENT.start, wanted.ramp, "ops")
    assert (expected, reason, done.etag, revision) == ("e1", "more", "e2", 7)


async def test_what_a_change_may_not_touch_is_said_all_at_once() -> None:
    wanted = replace(
        EXPERIMENT,
        unit=ExperimentUnit.TENANT,
        route="faq",
        arms=EXPERIMENT.arms[:2],
        start=NOW - timedelta(days=2),
    )

    wrong = await refused(changes(Kept(EXPERIMENT), wanted))

    assert wrong.reason is Reason.EXPERIMENT_INVALID
    assert [each.description.split(": ")[1] for each in wrong.violations] == ["route", "unit", "arms", "start"]


async def test_one_that_has_not_begun_may_begin_at_another_time() -> None:
    scheduled = replace(EXPERIMENT, start=NOW + timedelta(days=1))
    wanted = replace(EXPERIMENT, start=NOW + timedelta(days=2))
    kept = Kept(scheduled)

    await changes(kept, wanted).apply("text", "", "ops", "")

    assert kept.asked[0][0].start == wanted.start


@pytest.mark.parametrize(
    ("before", "etag", "reason"),
    [
        (replace(EXPERIMENT, end=NOW), "", Reason.EXPERIMENT_ENDED),
        (EXPERIMENT, "e0", Reason.EXPERIMENT_CHANGED),
        (None, "e0", Reason.EXPERIMENT_CHANGED),
    ],
    ids=["it has ended", "another etag", "there is none"],
)
async def test_another_state_than_expected_is_refused(before: Experiment | None, etag: str, reason: Reason) -> None:
    wanted = replace(EXPERIMENT, start=NOW)

    assert (await refused(changes(Kept(before), wanted), etag)).reason is reason


async def test_an_end_must_be_to_come_and_faults_of_the_configuration_count() -> None:
    past = replace(EXPERIMENT, end=NOW)
    assert "must be in the future" in (await refused(changes(Kept(None), past))).violations[0].description

    fault = Violation("definition", "definition:3: route: there is no such route")
    assert (await refused(changes(Kept(None), EXPERIMENT, [fault]))).violations == (fault,)


async def test_a_validation_keeps_nothing() -> None:
    kept = Kept(None)

    done, revision = await changes(kept, EXPERIMENT).apply("text", "", "ops", "", validate_only=True)

    assert (done.actor, revision, kept.asked) == ("ops", None, [])


async def test_all_treatments_or_one_of_them_end() -> None:
    kept = Kept(EXPERIMENT)
    made = changes(kept, EXPERIMENT)

    await made.end("e", "", "ops", "done")
    await made.end("e", "other", "ops", "worse")

    assert kept.asked == [
        ("e", [("candidate", "ops", "done"), ("other", "ops", "done")]),
        ("e", [("other", "ops", "worse")]),
    ]


@pytest.mark.parametrize(
    ("name", "arm", "reason"),
    [
        ("gone", "", Reason.EXPERIMENT_NOT_FOUND),
        ("e", "gone", Reason.EXPERIMENT_NOT_FOUND),
        ("e", "control", Reason.INVALID_REQUEST),
    ],
)
async def test_what_there_is_not_and_the_control_alone_do_not_end(name: str, arm: str, reason: Reason) -> None:
    with pytest.raises(Rejection) as raised:
        await changes(Kept(EXPERIMENT), EXPERIMENT).end(name, arm, "ops", "")
    assert raised.value.reason is reason
