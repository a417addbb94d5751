"""What is checked before the records keep a change of a prompt, and what they are told."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, cast

import pytest

from groundwire_server.domain.failure import Rejection
from groundwire_server.domain.prompts.finding import PromptFinding
from groundwire_server.domain.prompts.registry import PromptLabel, PromptOrigin, PromptRegistry, PromptVersion
from groundwire_server.domain.vocabulary import Reason
from groundwire_server.ports.registry_records import RegistryRecords
from groundwire_server.prompts.changing import PromptChanges

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)


class Written:
    """What the records were told to keep."""

    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []

    async def push(self, version: PromptVersion, reason: str, in_force: str) -> int:
        self.calls.append((version.version, reason, in_force))
        return len(self.calls)

    async def set_label(
        self, label: PromptLabel, expected: str | None, checked: int | None = None
    ) -> tuple[PromptLabel, int]:
        assert checked == 5, "the revision by which it was checked"
        self.calls.append((label.label, label.version, label.previous, expected))
        return label, len(self.calls)

    async def roll_back(self, label: PromptLabel, expected: str, checked: int | None = None) -> tuple[PromptLabel, int]:
        assert checked == 5, "the revision by which it was checked"
        self.calls.append((label.label, label.version, expected))
        return label, len(self.calls)


class Lint:
    """Finds what a template says of itself."""

    def findings(self, name: str, version: str, text: str) -> Sequence[PromptFinding]:
        words = {"wrong": True, "odd": False}
        return [PromptFinding(line, words[word], word) for line, word in enumerate(text.split()) if word in words]


def version(number: str, text: str = "", origin: PromptOrigin = PromptOrigin.RECORDS) -> PromptVersion:
    return PromptVersion("answer", number, text or number, origin, "ana")


def registry(*labels: PromptLabel) -> PromptRegistry:
    found = [version("1.2.0", origin=PromptOrigin.BUILT_IN), version("1.3.0"), version("1.4.0")]
    return PromptRegistry(
        {(each.name, each.version): each for each in found}, {(each.prompt, each.label): each for each in labels}
    )


def in_records(word: str, number: str, previous: str = "") -> PromptLabel:
    return PromptLabel("answer", word, number, previous, "ana", NOW)


def in_folder(word: str, number: str) -> PromptLabel:
    return PromptLabel("answer", word, number)


def wanted(word: str, number: str = "") -> PromptLabel:
    return PromptLabel("answer", word, number, actor="ben", reason="why")


def changes(written: Written, known: PromptRegistry, *faults: str) -> PromptChanges:
    """Return changes of which routes have these faults where `production` points at 1.4.0."""

    def found(changed: PromptRegistry) -> Sequence[str]:
        label = changed.labels.get(("answer", "production"))
        return faults if label is not None and label.version == "1.4.0" else ()

    return PromptChanges(cast("RegistryRecords", written), known, Lint(), found, lambda: 5)


async def refused(call: Any) -> Rejection:
    with pytest.raises(Rejection) as raised:
        await call
    return raised.value


@pytest.mark.parametrize(
    ("labels", "in_force"),
    [
        # Nothing says what is in force but that it is the newest: a label does from now on.
        ((), "1.4.0"),
        ((in_records("candidate", "1.3.0"),), "1.4.0"),
        # What says it goes on to do so.
        ((in_records("production", "1.3.0"),), ""),
        ((in_folder("production", "1.3.0"),), ""),
    ],
)
async def test_a_push_leaves_in_force_what_was(labels: tuple[PromptLabel, ...], in_force: str) -> None:
    written = Written()
    pushed, findings = await changes(written, registry(*labels)).push(version("1.5.0", "odd"), "why")
    assert (pushed.version, [each.message for each in findings]) == ("1.5.0", ["odd"])
    assert written.calls == [("1.5.0", "why", in_force)]


async def test_the_first_version_of_a_new_prompt_is_in_force() -> None:
    written = Written()
    new = PromptVersion("summary", "1.0.0", "text", PromptOrigin.RECORDS)
    await changes(written, registry()).push(new, "")
    assert written.calls == [("1.0.0", "", "1.0.0")]


async def test_a_text_with_errors_is_refused_with_each() -> None:
    written = Written()
    rejection = await refused(changes(written, registry()).push(version("1.5.0", "wrong odd wrong"), ""))
    assert rejection.reason is Reason.PROMPT_INVALID
    assert [(each.field, each.description) for each in rejection.violations] == [
        ("text", "wrong"),
        ("text", "line 2: wrong"),
    ]
    kept, findings = await changes(written, registry()).push(version("1.5.0", "wrong odd"), "", validate_only=True)
    assert (kept.version, [each.error for each in findings]) == ("1.5.0", [True, False])
    assert written.calls == []


async def test_a_version_that_is_there_is_returned_or_refused() -> None:
    written = Written()
    for number, origin in {"1.2.0": PromptOrigin.BUILT_IN, "1.3.0": PromptOrigin.RECORDS}.items():
        kept, _ = await changes(written, registry()).push(version(number), "")
        assert kept.origin is origin
        for validate_only in (True, False):
            call = changes(written, registry()).push(version(number, "other"), "", validate_only=validate_only)
            rejection = await refused(call)
            assert (rejection.reason, rejection.metadata) == (
                Reason.PROMPT_VERSION_EXISTS,
                {"prompt": f"answer/{number}"},
            )
    assert written.calls == []


async def test_a_version_of_the_folder_is_kept_when_it_is_pushed() -> None:
    written = Written()
    found = version("1.5.0", origin=PromptOrigin.FOLDER)
    known = registry()
    kept, _ = await changes(written, PromptRegistry({**known.versions, ("answer", "1.5.0"): found}, {})).push(
        version("1.5.0"), "why"
    )
    assert (kept.text, written.calls) == ("1.5.0", [("1.5.0", "why", "1.5.0")])


@pytest.mark.parametrize(
    ("labels", "word", "expected", "told"),
    [
        # The records compare what they have.
        ((in_records("production", "1.2.0"),), "production", "1.2.0", ("production", "1.3.0", "", "1.2.0")),
        ((in_records("production", "1.2.0"),), "production", None, ("production", "1.3.0", "", None)),
        # A label of a file is compared here: the records must not have got one meanwhile.
        ((in_folder("production", "1.2.0"),), "production", "1.2.0", ("production", "1.3.0", "1.2.0", "")),
        ((in_folder("production", "1.2.0"),), "production", None, ("production", "1.3.0", "1.2.0", None)),
        # Without a label the newest is in force, which is where a rollback goes.
        ((), "production", "", ("production", "1.3.0", "1.4.0", "")),
        ((), "candidate", "", ("candidate", "1.3.0", "", "")),
    ],
)
async def test_what_a_label_points_at_before_is_known(
    labels: tuple[PromptLabel, ...], word: str, expected: str | None, told: tuple[str | None, ...]
) -> None:
    written = Written()
    await changes(written, registry(*labels)).set_label(wanted(word, "1.3.0"), expected)
    assert written.calls == [told]


@pytest.mark.parametrize("labels", [(), (in_folder("production", "1.2.0"),)])
async def test_a_label_of_a_file_that_points_elsewhere_is_not_set(labels: tuple[PromptLabel, ...]) -> None:
    written = Written()
    rejection = await refused(changes(written, registry(*labels)).set_label(wanted("production", "1.3.0"), "1.4.0"))
    assert (rejection.reason, written.calls) == (Reason.PROMPT_LABEL_CHANGED, [])


async def test_a_version_that_a_route_cannot_use_is_not_labelled() -> None:
    written = Written()
    known = registry(in_records("production", "1.3.0", "1.4.0"))
    for call in (
        changes(written, known, "routes.faq.prompt: it lacks `glossary`").set_label(
            wanted("production", "1.4.0"), None
        ),
        changes(written, known, "routes.faq.prompt: it lacks `glossary`").roll_back(wanted("production"), None),
    ):
        rejection = await refused(call)
        assert (rejection.reason, rejection.violations[0].description) == (
            Reason.PROMPT_INVALID,
            "routes.faq.prompt: it lacks `glossary`",
        )
    # No route follows that label.
    await changes(written, known, "a fault").set_label(wanted("candidate", "1.4.0"), None)
    assert len(written.calls) == 1


async def test_what_is_not_there_is_not_labelled() -> None:
    written = Written()
    rejection = await refused(changes(written, registry()).set_label(wanted("production", "1.5.0"), None))
    assert (rejection.reason, rejection.metadata) == (Reason.PROMPT_NOT_FOUND, {"prompt": "answer/1.5.0"})
    rejection = await refused(changes(written, registry()).roll_back(wanted("production"), None))
    assert (rejection.reason, rejection.metadata) == (Reason.PROMPT_NOT_FOUND, {"prompt": "answer/production"})
    assert written.calls == []


async def test_a_label_goes_back_to_what_it_pointed_at() -> None:
    written = Written()
    known = registry(in_records("production", "1.4.0", "1.2.0"))
    await changes(written, known).roll_back(wanted("production"), "1.4.0")
    await changes(written, known).roll_back(wanted("production"), None)
    assert written.calls == [("production", "1.2.0", "1.4.0")] * 2


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        (in_records("production", "1.4.0", "1.2.0"), "1.3.0"),
        (in_records("production", "1.4.0"), None),
        (in_folder("production", "1.4.0"), None),
    ],
)
async def test_a_label_that_cannot_go_back_stays(label: PromptLabel, expected: str | None) -> None:
    written = Written()
    rejection = await refused(changes(written, registry(label)).roll_back(wanted("production"), expected))
    assert (rejection.reason, written.calls) == (Reason.PROMPT_LABEL_CHANGED, [])


async def test_a_version_that_has_gone_is_not_gone_back_to() -> None:
    written = Written()
    known = registry(in_records("production", "1.4.0", "0.9.0"))
    rejection = await refused(changes(written, known).roll_back(wanted("production"), None))
    assert (rejection.reason, rejection.metadata) == (Reason.PROMPT_NOT_FOUND, {"prompt": "answer/0.9.0"})
