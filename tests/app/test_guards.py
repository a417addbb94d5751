"""Guards of a configuration, opened: files of terms are read, and what is wrong with them is one line."""

from pathlib import Path

import pytest

from groundwire_server.app.configuration.guard_rules import works_by_word
from groundwire_server.app.configuration.load import Sources, load
from groundwire_server.app.configuration.models.guards import LocalGuardConfig, TermsGuardConfig
from groundwire_server.app.parts.guards import identity_of, open_guard
from groundwire_server.app.parts.screens import open_screens
from groundwire_server.app.parts.shared import Shared
from groundwire_server.domain.failure import SetupError
from groundwire_server.domain.guards.finding import GuardIdentity
from groundwire_server.domain.vocabulary import Screen
from groundwire_server.ports.recording import unrecorded


def terms(file: Path | None = None, *listed: str) -> TermsGuardConfig:
    return TermsGuardConfig(kind="terms", version="1", category="c", terms=listed or None, file=file)


async def test_a_file_has_a_term_on_each_line(tmp_path: Path) -> None:
    file = tmp_path / "terms.txt"
    file.write_text("# Rivals\nInitech\n\n Project Falcon \n")
    guard = await open_guard("rivals", terms(file, "Globex"), Shared().lease())
    assert [each.rule for each in guard.find("Initech, globex, project falcon, rivals")] == [
        "initech",
        "globex",
        "project falcon",
    ]


@pytest.mark.parametrize(("name", "found"), [("secrets", "password"), ("personal", "email")])
async def test_the_guards_of_the_server_are_there_without_being_named(name: str, found: str) -> None:
    configuration = load(Sources(None, {}, None)).configuration
    guard = configuration.guards[name]
    assert isinstance(guard, LocalGuardConfig)
    opened = await open_guard(name, guard, Shared().lease())
    assert [each.category for each in opened.find("a@firma.example Password: Kx92mmQ7")] == [found]
    assert identity_of(name, guard) == GuardIdentity(name, "1")
    assert opened.by_word is works_by_word(guard)


async def test_a_file_that_changed_is_read_again(tmp_path: Path) -> None:
    shared, file = Shared(), tmp_path / "terms.txt"
    file.write_text("Initech")
    first = await open_guard("rivals", terms(file), shared.lease())
    assert await open_guard("rivals", terms(file), shared.lease()) is first
    file.write_text("Initech\nGlobex")
    assert (await open_guard("rivals", terms(file), shared.lease())).find("Globex")


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (None, "guards.rivals.file: {} cannot be read: No such file or directory"),
        (b"\xff", "guards.rivals.file: {} is not UTF-8 in line 1: save it as UTF-8"),
        (b"a\n" * 200_001, ("guards.rivals.file: {} has 200,001 terms, and at most 200,000 are looked for: put a guard "
         "behind an endpoint in its place")),
        (b"a" * (8 * 1024**2 + 1), "guards.rivals.file: {} is larger than 8 MiB: is it the right file?"),
        ("fine\n…".encode(), "guards.rivals: … has no letter or digit: leave it out"),
    ],
    ids=["missing", "not-text", "many", "large", "blank"],
)  # fmt: skip
async def test_what_is_wrong_with_a_file_is_one_line(tmp_path: Path, content: bytes | None, line: str) -> None:
    file = tmp_path / "terms.txt"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(SetupError) as caught:
        await open_guard("rivals", terms(file), Shared().lease())
    assert str(caught.value) == line.format(file)


async def test_routes_share_the_guards_that_they_name(tmp_path: Path) -> None:
    file = tmp_path / "groundwire.yaml"
    route = "{models: [extractive], store: main, screens: {question: {use: [{guard: rivals}]}, evidence: {use: []}}}"
    file.write_text(
        "guards: {rivals: {kind: terms, version: '3', category: c, terms: [Initech]}}\n"
        f"routes: {{default: {route}, faq: {route}}}\n"
    )
    screens = await open_screens(load(Sources(file, {}, None)).configuration, Shared().lease(), unrecorded())
    (first,), (second,) = (screens[name][Screen.QUESTION].local for name in ("default", "faq"))
    assert first.guard is second.guard
    assert first.identity == GuardIdentity("rivals", "3")
    assert Screen.EVIDENCE not in screens["faq"]


@pytest.mark.parametrize(
    ("cache", "remembered"),
    [
        ("{serve_fresh: true}", {Screen.QUESTION, Screen.EVIDENCE}),
        ("{serve_fresh: false}", {Screen.EVIDENCE}),
        ("{enabled: false}", {Screen.EVIDENCE}),
    ],
)
async def test_what_guards_found_is_remembered_where_texts_come_again(
    tmp_path: Path, cache: str, remembered: set[Screen]
) -> None:
    file = tmp_path / "groundwire.yaml"
    file.write_text(f"routes: {{default: {{models: [extractive], store: main, cache: {cache}}}}}\n")
    screens = await open_screens(load(Sources(file, {}, None)).configuration, Shared().lease(), unrecorded())
    assert {screen for screen, guards in screens["default"].items() if guards.memory is not None} == remembered
