"""Runs what a page shows, and compares what happens with what it says."""

import asyncio
import os
import re
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
ADDRESS = "127.0.0.1:50051"
"""Where a page says that the server is."""
KEY = "5f0c9a1be37d"
"""The id of a key on a page; the real one is another each time."""

FENCE = re.compile(r"^```(?P<language>\w*)(?P<options>[^\n]*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
SET_UP = re.compile(
    r"make |export PATH=|mkdir |cd |groundwire serve(?! --config)|groundwire demo|docker |\.venv/bin/python -m bench"
)
"""Commands that the reader runs and the tests do not: they prepare what the tests prepare themselves."""


_MAY_FAIL = ("groundwire ask ", "groundwire check ", "groundwire prompts lint ")


@dataclass(frozen=True)
class Block:
    """A fenced block; `title` names the file that it is."""

    language: str
    title: str
    text: str


def blocks(page: Path) -> list[Block]:
    """The blocks of a page in their order."""
    return [
        Block(found["language"], (re.findall(r'title="([^"]+)"', found["options"]) or [""])[0], found["text"])
        for found in FENCE.finditer(page.read_text(encoding="utf-8"))
    ]


def steps(text: str) -> Iterator[tuple[str, str]]:
    """The commands of a console block, each with what is shown beneath it."""
    for step in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        command = re.match(r"(?:.*\\\n)*.*\n", step)
        assert command is not None, step
        yield command[0].removesuffix("\n"), step.removeprefix(command[0])


def commands(page: Path) -> list[str]:
    """Every command that a page shows and a test can run."""
    shown = [command for block in blocks(page) if block.language == "console" for command, _ in steps(block.text)]
    return [command for command in shown if not SET_UP.match(command)]


async def follow(page: Path, server: str, folder: Path) -> int:
    """Do what a page says, in a folder and with a server; return how many things were run and compared."""
    async with AsyncExitStack() as servers:
        return await _followed(page, server, folder, servers)


async def _followed(page: Path, server: str, folder: Path, servers: AsyncExitStack) -> int:
    done = 0
    shown = blocks(page)
    for block, following in zip(shown, [*shown[1:], Block("", "", "")], strict=True):
        if block.title:
            path = folder / block.title
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.text.replace(ADDRESS, server), encoding="utf-8")
        elif block.language == "python":
            printed = await run(sys.executable, "-c", block.text.replace(ADDRESS, server), cwd=folder)
            if not following.language and following.text:
                assert_shows(following.text, printed)
            done += 1
        elif block.language == "console":
            for command, output in steps(block.text):
                if command.startswith("groundwire serve --config"):
                    server = await servers.enter_async_context(_serving(command, folder))
                    done += 1
                elif not SET_UP.match(command):
                    # An abstention, a claim that does not stand and a template with an error end with 1, and are what
                    # some pages show; what is wrong is said on standard error.
                    wrong = output.startswith("groundwire: ")
                    codes = (0, 1) if command.startswith(_MAY_FAIL) else (2,) if wrong else (0,)
                    environment = {"GROUNDWIRE_SERVER": server}
                    key = _key(folder)
                    ran = await run(
                        "bash", "-c", command.replace(KEY, key), cwd=folder, env=environment, codes=codes, wrong=wrong
                    )
                    assert_shows(output.replace(KEY, key), ran)
                    done += 1
    return done


@asynccontextmanager
async def _serving(command: str, folder: Path) -> AsyncIterator[str]:
    """A server as a page starts it, on a free port."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "groundwire_server", *command.split()[1:], "--listen", "127.0.0.1:0", "--no-local-embedder"),
        cwd=folder,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        assert process.stdout is not None
        line = await asyncio.wait_for(process.stdout.readline(), 180)
        yield line.decode().removeprefix("listening on ").strip()
    finally:
        process.terminate()
        await process.wait()


def _key(folder: Path) -> str:
    """The id of the key that was made in a folder."""
    made = [path.read_text(encoding="utf-8").split("_")[1] for path in folder.glob("*.key")]
    return made[0] if made else KEY


async def run(
    *command: str,
    cwd: Path = ROOT,
    env: dict[str, str] | None = None,
    codes: Sequence[int] = (0,),
    wrong: bool = False,
) -> str:
    """What a command prints, or complains of when something is wrong; it must end with one of the exit codes."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=cwd,
        env=os.environ | {"COLUMNS": "80", "PYTHONIOENCODING": "utf-8", "PATH": path} | (env or {}),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    printed, complaint = await asyncio.wait_for(process.communicate(), 180)
    assert process.returncode in codes, f"{command}: {complaint.decode()}{printed.decode()}"
    return (complaint if wrong else printed).decode()


def assert_shows(shown: str, printed: str) -> None:
    """The page shows what was printed: `…` stands for what it leaves out, and what differs each time is not compared.

    A line that is only `…` stands for any lines, at the end of the block for the rest.
    """
    pattern = []
    for line in _same_each_time(shown).strip().splitlines():
        if line.strip() == "…":
            pattern.append(r"(?:.*\n)*?")
        else:
            pattern.append(".*".join(re.escape(part) for part in line.rstrip().split("…")) + r" *\n")
    assert re.fullmatch("".join(pattern), _ended(_same_each_time(printed))), f"shown:\n{shown}\nis:\n{printed}"


def _ended(text: str) -> str:
    return f"{text.strip()}\n" if text.strip() else ""


def _same_each_time(text: str) -> str:
    text = re.sub(r'("(?:request_id|trace_id|corpus_version|chunk_id)": )"[\w-]+"', r'\1"-"', text)
    text = re.sub(r"^trace [0-9a-f]{32}$", "trace -", text, flags=re.MULTILINE)
    text = re.sub(r"^.* in total, first token after .*$", "- in all", text, flags=re.MULTILINE)
    # A stage of the waterfall: its bar, its time and its budget.
    return re.sub(r"^(\w+) +[▏▎▍▌▋▊▉█ ]*[▏▎▍▌▋▊▉█] +[\d.]+ m?s of +[\d.]+ m?s?$", r"\1 -", text, flags=re.MULTILINE)


def pages() -> Sequence[Path]:
    """Every page that was written by hand, and the files for people who work on groundwire."""
    top = (ROOT / name for name in ("CONTRIBUTING.md", "SECURITY.md"))
    return [*sorted(DOCS.rglob("*.md")), *(path for path in top if path.exists())]
