"""Experiments in the records, whatever the database."""

import logging
from dataclasses import replace

import pytest
from sqlalchemy import update

from groundwire_server.adapters.records.registry import experiments as module
from groundwire_server.adapters.records.tables.registry import experiments
from groundwire_server.domain.experiments.experiment import ArmEnd, Metric
from groundwire_server.domain.failure import Rejection
from groundwire_server.domain.vocabulary import Reason
from groundwire_server.ports.registry_records import RegistryMovedError
from tests.contract.registry.conftest import START, Registry, definition, experiment, later, version


def end(arm: str, *, actor: str = "ben", guard: Metric | None = None) -> ArmEnd:
    return ArmEnd(arm, later(5), actor, guard, "it abstains more often")


async def spoil(registry: Registry, **columns: str) -> None:
    """Write into the rows of experiments as another program might."""
    written = update(experiments).values(**columns)
    await registry.database.write(lambda connection: connection.execute(written))


async def test_an_experiment_is_kept_as_it_was_applied(registry: Registry) -> None:
    kept, revision = await registry.records.apply(experiment(), "", "try it")
    assert revision == 1
    assert kept.etag
    assert (await registry.records.state()).experiments == (kept,)
    assert await registry.records.experiment("shorter") == kept
    assert replace(kept, etag="") == experiment()
    assert await registry.records.experiment("another") is None


async def test_applying_it_again_changes_nothing(registry: Registry) -> None:
    kept, _ = await registry.records.apply(experiment(), "", "")
    assert await registry.records.apply(replace(experiment(), actor="ben", start=later(9)), "old", "") == (kept, 1)


async def test_an_experiment_changes_by_its_etag(registry: Registry) -> None:
    first, _ = await registry.records.apply(experiment(), "", "")
    second, revision = await registry.records.apply(experiment(note="b"), first.etag, "")
    assert (revision, second.definition) == (2, definition(note="b"))
    assert second.etag != first.etag
    with pytest.raises(Rejection) as refused:
        await registry.records.apply(experiment(note="c"), first.etag, "")
    assert (refused.value.reason, refused.value.metadata) == (Reason.EXPERIMENT_CHANGED, {"experiment": "shorter"})
    # Without one, whatever is there is replaced.
    third, _ = await registry.records.apply(experiment(note="c"), "", "")
    assert (await registry.records.state()).experiments == (third,)


async def test_an_etag_of_an_experiment_that_is_not_there_is_refused(registry: Registry) -> None:
    with pytest.raises(Rejection) as refused:
        await registry.records.apply(experiment(), "old", "")
    assert refused.value.reason is Reason.EXPERIMENT_CHANGED
    assert await registry.records.revision() == 0


async def test_arms_end_once_and_the_last_ends_the_experiment(registry: Registry) -> None:
    await registry.records.apply(experiment(), "", "")
    guard = end("candidate", actor="", guard=Metric.ABSTAINED)
    one, revision = await registry.records.end_arms("shorter", [guard])
    assert (one.ended_arms, revision) == ((guard,), 2)
    # What has ended stays as it is.
    assert await registry.records.end_arms("shorter", [end("candidate")]) == (one, 2)
    changed, _ = await registry.records.apply(experiment(note="b"), one.etag, "")
    assert changed.ended_arms == (guard,)
    both, revision = await registry.records.end_arms("shorter", [end("candidate"), end("other")])
    assert (both.ended_arms, both.actor, revision) == ((guard, end("other")), "ben", 4)
    assert await registry.records.experiment("shorter") == both
    with pytest.raises(Rejection) as refused:
        await registry.records.apply(experiment(note="c"), "", "")
    assert refused.value.reason is Reason.EXPERIMENT_ENDED


async def test_an_experiment_that_a_server_with_a_later_clock_has_ended_changes_no_more(registry: Registry) -> None:
    await registry.records.apply(experiment(), "", "")
    registry.clock.step(3600)
    ended, _ = await registry.records.end_arms("shorter", [end("candidate"), end("other")])
    registry.clock.step(-3600)
    with pytest.raises(Rejection) as refused:
        await registry.records.apply(experiment(note="b"), "", "")
    assert refused.value.reason is Reason.EXPERIMENT_ENDED
    assert await registry.records.experiment("shorter") == ended
    assert await registry.records.end_arms("shorter", [end("candidate")]) == (ended, 2)


async def test_an_experiment_whose_time_is_over_changes_no_more(registry: Registry) -> None:
    kept, _ = await registry.records.apply(experiment(end=later(60)), "", "")
    registry.clock.step(60)
    with pytest.raises(Rejection) as refused:
        await registry.records.apply(experiment(end=later(600)), "", "")
    assert refused.value.reason is Reason.EXPERIMENT_ENDED
    assert await registry.records.end_arms("shorter", [end("candidate")]) == (kept, 1)


@pytest.mark.parametrize(
    ("name", "arm", "metadata"),
    [
        ("another", "candidate", {"experiment": "another"}),
        ("shorter", "nobody", {"experiment": "shorter", "arm": "nobody"}),
    ],
)
async def test_what_is_not_there_does_not_end(
    registry: Registry, name: str, arm: str, metadata: dict[str, str]
) -> None:
    await registry.records.apply(experiment(), "", "")
    with pytest.raises(Rejection) as refused:
        await registry.records.end_arms(name, [end(arm)])
    assert (refused.value.reason, refused.value.metadata) == (Reason.EXPERIMENT_NOT_FOUND, metadata)
    assert await registry.records.revision() == 1


async def test_changes_are_in_the_audit_trail(registry: Registry) -> None:
    first, _ = await registry.records.apply(experiment(), "", "try it")
    second, _ = await registry.records.apply(experiment(note="b"), "", "more")
    ends = [end("candidate", actor="", guard=Metric.MALFORMED), end("other", actor="")]
    await registry.records.end_arms("shorter", ends)
    reason = "it abstains more often"
    assert [(each.event, each.target, each.actor, dict(each.details)) for each in await registry.entries()] == [
        ("experiment.applied", "experiments/shorter", "ana", {"etag": first.etag, "reason": "try it"}),
        ("experiment.changed", "experiments/shorter", "ana", {"etag": second.etag, "reason": "more"}),
        (
            *("experiment.arm_ended", "experiments/shorter", ""),
            {"arm": "candidate", "guard": "MALFORMED", "reason": reason},
        ),
        ("experiment.arm_ended", "experiments/shorter", "", {"arm": "other", "reason": reason}),
    ]


async def test_lists_are_the_last_first_in_pages(registry: Registry) -> None:
    for name, seconds in {"a": 0, "b": 60, "c": 60, "d": 120}.items():
        await registry.records.apply(replace(experiment(name), start=later(seconds)), "", "")
    first = await registry.records.experiments("", None, 2)
    assert [each.name for each in first] == ["d", "b"]
    second = await registry.records.experiments("default", (first[-1].start, first[-1].name), 2)
    assert [(each.name, each.start) for each in second] == [("c", later(60)), ("a", START)]
    assert await registry.records.experiments("another", None, 2) == []


async def test_one_that_cannot_be_read_is_left_out(registry: Registry, caplog: pytest.LogCaptureFixture) -> None:
    await registry.records.apply(experiment("newer"), "", "")
    await spoil(registry, definition="a form of another server")
    await registry.records.apply(experiment("good"), "", "")
    with caplog.at_level(logging.WARNING, module.__name__):
        state = await registry.records.state()
    assert [each.name for each in state.experiments] == ["good"]
    (line,) = caplog.records
    assert (line.experiment, line.why) == ("newer", "not a definition")  # type: ignore[attr-defined]
    assert await registry.records.experiment("newer") is None
    for changing in (
        registry.records.apply(experiment("newer"), "", ""),
        registry.records.end_arms("newer", [end("candidate")]),
    ):
        with pytest.raises(Rejection) as refused:
            await changing
        assert refused.value.reason is Reason.EXPERIMENT_INVALID
        assert "not a definition" in refused.value.violations[0].description


async def test_a_column_of_another_program_makes_an_experiment_unreadable(registry: Registry) -> None:
    await registry.records.apply(experiment(), "", "")
    for written in ("nothing", "[1]", '[{"arm": "candidate"}]'):
        await spoil(registry, ended_arms=written)
        assert (await registry.records.state()).experiments == ()


async def test_none_is_kept_by_what_was_checked_before_another_change(registry: Registry) -> None:
    records = registry.records
    kept, _ = await records.apply(experiment("a"), "", "", 0)
    for late in (experiment("b"), experiment("a", note="another")):
        with pytest.raises(RegistryMovedError):
            await records.apply(late, "", "", 0)
    assert [each.name for each in (await records.state()).experiments] == ["a"]
    assert await records.apply(experiment("a"), "", "", 0) == (kept, 1)
    await records.apply(experiment("b"), "", "", 1)


async def test_there_are_so_many_that_have_not_ended(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_OPEN", 2)
    await registry.records.apply(experiment("a"), "", "")
    await registry.records.apply(experiment("b", end=later(60)), "", "")
    # One that is to end is in memory until then.
    with pytest.raises(Rejection) as refused:
        await registry.records.apply(experiment("c"), "", "")
    assert refused.value.reason is Reason.EXPERIMENT_INVALID
    registry.clock.step(60)
    await registry.records.apply(experiment("c"), "", "")
    await registry.records.end_arms("a", [end("candidate"), end("other")])
    await registry.records.apply(experiment("d"), "", "")


async def test_a_state_holds_those_that_go_on_and_those_that_ended_last(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_STATE", 3)
    for name, seconds in {"old": 60, "recent": 120, "long": 600}.items():
        await registry.records.apply(experiment(name, end=later(seconds)), "", "")
    await registry.records.apply(experiment("open"), "", "")
    before = await registry.records.state()
    assert [each.name for each in before.experiments] == ["open", "long", "recent"]
    # The same revision is the same state, whatever the time.
    registry.clock.step(3600)
    assert await registry.records.state() == before


async def test_prompts_and_experiments_count_together(registry: Registry) -> None:
    await registry.records.push(version("1.4.0"), "", "1.2.0")
    _, revision = await registry.records.apply(experiment(), "", "")
    assert revision == await registry.records.revision() == 3
