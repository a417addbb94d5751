"""Versions and labels in the records, whatever the database."""

import pytest

from groundwire_server.adapters.records.registry import prompts
from groundwire_server.domain.failure import Rejection
from groundwire_server.domain.prompts.registry import PromptOrigin
from groundwire_server.domain.vocabulary import Reason
from groundwire_server.ports.registry_records import RegistryMovedError
from tests.contract.registry.conftest import Registry, label, version


async def test_empty_records_have_no_change(registry: Registry) -> None:
    assert await registry.records.revision() == 0
    state = await registry.records.state()
    assert (state.revision, state.versions, state.labels, state.experiments) == (0, (), (), ())
    assert await registry.records.changes("", None, 10) == []


async def test_a_push_adds_a_version_once(registry: Registry) -> None:
    assert await registry.records.push(version("1.4.0"), "shorter", "") == 1
    (kept,) = (await registry.records.state()).versions
    assert (kept.name, kept.version, kept.text, kept.author) == ("answer", "1.4.0", "text of 1.4.0", "ana")
    assert (kept.origin, kept.created) == (PromptOrigin.RECORDS, registry.clock.today())
    assert await registry.records.push(version("1.4.0", author="ben"), "again", "1.3.0") == 1
    assert await registry.records.revision() == 1


async def test_another_text_under_a_number_is_refused(registry: Registry) -> None:
    await registry.records.push(version("1.4.0"), "", "")
    with pytest.raises(Rejection) as refused:
        await registry.records.push(version("1.4.0", "another"), "", "")
    assert (refused.value.reason, refused.value.metadata) == (
        Reason.PROMPT_VERSION_EXISTS,
        {"prompt": "answer/1.4.0"},
    )
    assert await registry.records.revision() == 1
    assert (await registry.records.state()).versions[0].text == "text of 1.4.0"


async def test_the_first_push_keeps_the_version_in_force(registry: Registry) -> None:
    assert await registry.records.push(version("1.4.0"), "", "1.2.0") == 2
    (kept,) = (await registry.records.state()).labels
    assert (kept.label, kept.version, kept.previous, kept.reason) == ("production", "1.2.0", "", prompts.PINNED)
    # A later push leaves the label where it is, whatever the process that pushes believes to be in force.
    assert await registry.records.push(version("1.5.0"), "", "1.4.0") == 3
    assert (await registry.records.state()).labels == (kept,)


async def test_a_label_is_set_and_set_again(registry: Registry) -> None:
    kept, revision = await registry.records.set_label(label("1.4.0", previous="1.2.0"), None)
    assert (kept.version, kept.previous, kept.actor, kept.at, kept.reason, revision) == (
        *("1.4.0", "1.2.0", "ana", registry.clock.today(), "to 1.4.0"),
        1,
    )
    # A retry changes nothing, though the label is no longer where the caller expects it.
    assert await registry.records.set_label(label("1.4.0", previous="1.2.0", actor="ben"), "1.2.0") == (kept, 1)
    moved, revision = await registry.records.set_label(label("1.5.0", previous="0.0.1"), "1.4.0")
    assert (moved.version, moved.previous, revision) == ("1.5.0", "1.4.0", 2)
    assert (await registry.records.state()).labels == (moved,)


@pytest.mark.parametrize("expected", ["1.2.0", "1.5.0", ""])
async def test_a_label_that_points_elsewhere_is_not_set(registry: Registry, expected: str) -> None:
    await registry.records.set_label(label("1.4.0"), "")
    with pytest.raises(Rejection) as refused:
        await registry.records.set_label(label("1.6.0"), expected)
    assert (refused.value.reason, refused.value.metadata) == (Reason.PROMPT_LABEL_CHANGED, {"label": "production"})
    assert (await registry.records.state()).labels[0].version == "1.4.0"
    assert await registry.records.revision() == 1


async def test_a_label_that_is_expected_must_be_there(registry: Registry) -> None:
    with pytest.raises(Rejection) as refused:
        await registry.records.set_label(label("1.4.0"), "1.2.0")
    assert refused.value.reason is Reason.PROMPT_LABEL_CHANGED
    assert await registry.records.revision() == 0


async def test_going_back_goes_on_to_what_was_before(registry: Registry) -> None:
    records = registry.records
    for number in ("1.2.0", "1.3.0", "1.4.0"):
        await records.set_label(label(number), None)
    back, revision = await records.roll_back(label("1.3.0"), "1.4.0")
    assert (back.version, back.previous, revision) == ("1.3.0", "1.2.0", 4)
    # What was promoted since goes back to what it replaced, and further back never to what was left.
    await records.set_label(label("1.5.0"), None)
    back, _ = await records.roll_back(label("1.3.0"), "1.5.0")
    assert back.previous == "1.2.0"
    back, _ = await records.roll_back(label("1.2.0"), "1.3.0")
    assert (back.version, back.previous) == ("1.2.0", "")
    with pytest.raises(Rejection) as refused:
        await records.roll_back(label(""), "1.2.0")
    assert refused.value.reason is Reason.PROMPT_LABEL_CHANGED
    last = (await records.changes("answer", None, 1))[0]
    assert (last.version, last.previous, last.rolled_back, last.reason) == ("1.2.0", "1.3.0", True, "to 1.2.0")


async def test_going_back_never_returns_to_what_was_left(registry: Registry) -> None:
    records = registry.records
    for number in ("1.2.0", "1.3.0", "1.4.0", "1.3.0", "1.4.0"):
        await records.set_label(label(number), None)
    back, _ = await records.roll_back(label("1.3.0"), "1.4.0")
    assert (back.version, back.previous) == ("1.3.0", "1.2.0")
    back, _ = await records.roll_back(label("1.2.0"), "1.3.0")
    assert (back.version, back.previous) == ("1.2.0", "")


@pytest.mark.parametrize(("number", "expected"), [("1.2.0", "1.3.0"), ("1.2.0", "1.5.0"), ("1.1.0", "1.4.0")])
async def test_going_back_from_elsewhere_is_refused(registry: Registry, number: str, expected: str) -> None:
    await registry.records.set_label(label("1.4.0", previous="1.2.0"), None)
    with pytest.raises(Rejection) as refused:
        await registry.records.roll_back(label(number), expected)
    assert refused.value.reason is Reason.PROMPT_LABEL_CHANGED
    assert (await registry.records.state()).labels[0].version == "1.4.0"


async def test_a_label_does_not_move_by_what_was_checked_before_another_change(registry: Registry) -> None:
    records = registry.records
    for number in ("1.2.0", "1.4.0"):
        await records.set_label(label(number), None, await records.revision())
    for late in (records.set_label(label("1.5.0"), "1.4.0", 1), records.roll_back(label("1.2.0"), "1.4.0", 1)):
        with pytest.raises(RegistryMovedError):
            await late
    assert await records.revision() == 2
    # What is there already needs no check.
    assert (await records.set_label(label("1.4.0"), "1.4.0", 1))[1] == 2
    await records.roll_back(label("1.2.0"), "1.4.0", 2)


async def test_going_back_without_a_label_is_refused(registry: Registry) -> None:
    with pytest.raises(Rejection) as refused:
        await registry.records.roll_back(label("1.2.0"), "1.4.0")
    assert refused.value.reason is Reason.PROMPT_LABEL_CHANGED


async def test_changes_are_the_newest_first_in_pages(registry: Registry) -> None:
    records = registry.records
    await records.push(version("1.4.0"), "shorter", "1.2.0")
    await records.push(version("1.0.0", name="summary"), "", "")
    await records.set_label(label("1.4.0"), None)
    first = await records.changes("", None, 3)
    assert [each.revision for each in first] == [4, 3, 2]
    (second,) = await records.changes("", 2, 3)
    assert (second.revision, second.label, second.version, second.reason, second.actor, second.at) == (
        *(1, "", "1.4.0", "shorter", "ana"),
        registry.clock.today(),
    )
    assert [each.revision for each in await records.changes("answer", None, 9)] == [4, 2, 1]
    assert [each.version for each in await records.changes("summary", None, 9)] == ["1.0.0"]


async def test_every_change_is_in_the_audit_trail_of_the_tenant_that_manages(registry: Registry) -> None:
    records = registry.records
    await records.push(version("1.4.0"), "shorter", "1.2.0")
    await records.set_label(label("1.4.0", actor="ben"), None)
    await records.roll_back(label("1.2.0", actor="cem"), "1.4.0")
    assert [(each.event, each.target, each.actor, dict(each.details)) for each in await registry.entries()] == [
        ("prompt.pushed", "prompts/answer", "ana", {"version": "1.4.0", "reason": "shorter"}),
        (
            *("prompt.labelled", "prompts/answer", "ana"),
            {"label": "production", "version": "1.2.0", "reason": prompts.PINNED},
        ),
        (
            *("prompt.labelled", "prompts/answer", "ben"),
            {"label": "production", "version": "1.4.0", "previous": "1.2.0", "reason": "to 1.4.0"},
        ),
        (
            *("prompt.rolled_back", "prompts/answer", "cem"),
            {"label": "production", "version": "1.2.0", "previous": "1.4.0", "reason": "to 1.2.0"},
        ),
    ]


async def test_what_changes_nothing_is_not_in_the_audit_trail(registry: Registry) -> None:
    await registry.records.push(version("1.4.0"), "", "")
    await registry.records.push(version("1.4.0"), "", "")
    await registry.records.set_label(label("1.4.0"), None)
    await registry.records.set_label(label("1.4.0"), None)
    for refused in (
        registry.records.push(version("1.4.0", "another"), "", ""),
        registry.records.set_label(label("1.5.0"), "1.2.0"),
        registry.records.roll_back(label("1.2.0"), "1.4.0"),
    ):
        with pytest.raises(Rejection):
            await refused
    assert len(await registry.entries()) == 2


async def test_texts_are_read_once_and_what_another_process_has_added_is_found(
    registry: Registry, other: Registry
) -> None:
    await registry.records.push(version("1.4.0"), "", "")
    first = await registry.records.state()
    await other.records.push(version("1.5.0", "sch\N{LATIN SMALL LETTER O WITH DIAERESIS}n\n"), "", "")
    second = await registry.records.state()
    assert [(each.version, each.text) for each in second.versions] == [
        ("1.4.0", "text of 1.4.0"),
        ("1.5.0", "sch\N{LATIN SMALL LETTER O WITH DIAERESIS}n\n"),
    ]
    assert second.versions[0] is first.versions[0]


@pytest.mark.parametrize("bound", ["MOST_VERSIONS", "MOST_TEXT"])
async def test_the_records_hold_so_many_versions(
    registry: Registry, monkeypatch: pytest.MonkeyPatch, bound: str
) -> None:
    await registry.records.push(version("1.4.0"), "", "")
    monkeypatch.setattr(prompts, bound, 1)
    with pytest.raises(Rejection) as refused:
        await registry.records.push(version("1.5.0"), "", "")
    assert refused.value.reason is Reason.PROMPT_INVALID
    assert refused.value.violations[0].field == "version"
    # What is there is still found.
    assert await registry.records.push(version("1.4.0"), "", "") == 1
