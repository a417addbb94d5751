"""An experiment over time."""

from dataclasses import replace
from datetime import timedelta

from groundwire_server.domain.experiments.experiment import ArmEnd, ExperimentState, RampStep
from tests.domain.experiments.test_assignment import EXPERIMENT, LATER, START


def test_the_share_is_that_of_the_last_step_that_has_begun() -> None:
    experiment = replace(EXPERIMENT, ramp=(RampStep(0.0, 1.0), RampStep(60.0, 10.0)), end=LATER)

    shares = [experiment.percent(START + timedelta(seconds=after)) for after in (-1, 0, 59.9, 60, 3600)]

    assert shares == [0.0, 1.0, 1.0, 10.0, 10.0]
    assert experiment.percent(LATER) == 0.0


def test_it_ends_with_its_time_or_with_its_last_treatment() -> None:
    first = ArmEnd("candidate", START + timedelta(hours=1), "", None, "worse")
    both = (first, ArmEnd("other", START + timedelta(hours=2), "ops", None, "no longer needed"))
    some, none = replace(EXPERIMENT, ended_arms=(first,)), replace(EXPERIMENT, ended_arms=both)

    assert EXPERIMENT.state(START - timedelta(seconds=1)) is ExperimentState.SCHEDULED
    assert some.state(LATER) is ExperimentState.RUNNING
    assert [arm.name for arm in some.open_treatments] == ["other"]
    assert some.ended_at is None
    assert none.state(LATER) is ExperimentState.ENDED
    assert none.ended_at == START + timedelta(hours=2)
    assert replace(none, end=LATER).ended_at == START + timedelta(hours=2)
    assert replace(some, end=LATER).ended_at == LATER
    assert replace(some, end=LATER).state(LATER) is ExperimentState.ENDED


def test_keys_of_a_section_that_is_merged_are_dimensions_of_their_own() -> None:
    assert EXPERIMENT.dimensions == {"prompt", "limits.top_k"}
