"""How a folder of many files is ingested: `python -m bench.documents.folders --files 1000 10000`.

For each number of files it makes a folder of Markdown, ingests it by `groundwire ingest` into a server of its own
without an embedder, ingests it again, unchanged, and verifies it. The figures are those of the command's process.
"""

import argparse
import asyncio
import os
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from bench.servers import server

_PARAGRAPHS = 20
_WORDS = 60
_A_FOLDER = 100


@dataclass(frozen=True, slots=True)
class Ran:
    """One run of the command.

    Attributes:
        seconds: the time that it took.
        megabytes: the most memory that its process held.
    """

    seconds: float
    megabytes: float


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.documents.folders", description=__doc__)
    parser.add_argument("--files", type=int, nargs="+", default=[1000, 10_000], help="numbers of files")
    given = parser.parse_args()
    print(f"{'files':>7} {'command':<8} {'seconds':>8} {'files/s':>8} {'peak MB':>8}")
    for count in given.files:
        for name, ran in asyncio.run(_measure(count)).items():
            print(f"{count:>7} {name:<8} {ran.seconds:>8.1f} {count / ran.seconds:>8.0f} {ran.megabytes:>8.0f}")


def generate(folder: Path, count: int) -> None:
    """Write so many files of about 7 kB, a hundred in each subfolder."""
    for number in range(count):
        path = folder / f"{number // _A_FOLDER:04}" / f"{number:06}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        paragraphs = (
            " ".join(f"word{(number * 31 + place * 7 + each) % 5000}" for each in range(_WORDS)) + "."
            for place in range(_PARAGRAPHS)
        )
        path.write_text(f"# Page {number}\n\n" + "\n\n".join(paragraphs) + "\n", encoding="utf-8")


async def _measure(count: int) -> dict[str, Ran]:
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        generate(work / "docs", count)
        async with server("bench.product", ["--no-embedder", "--data", str(work / "store")], core=0) as running:
            commands = {"first": ["ingest"], "again": ["ingest"], "verify": ["corpus", "verify"]}
            return {
                what: await asyncio.to_thread(_run, [*command, "docs", "--server", running.address], work)
                for what, command in commands.items()
            }


def _run(arguments: list[str], work: Path) -> Ran:
    """Run the command and return what its process took."""
    env = {**os.environ, "XDG_STATE_HOME": str(work / "state")}
    began = time.perf_counter()
    quiet = subprocess.DEVNULL
    child = subprocess.Popen(
        [sys.executable, "-m", "groundwire_server", *arguments], cwd=work, env=env, stdout=quiet, stderr=quiet
    )
    _, status, used = os.wait4(child.pid, 0)
    took = time.perf_counter() - began
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise RuntimeError(f"{' '.join(arguments)} ended with {child.returncode}")
    return Ran(took, _kilobytes(used) / 1000)


def _kilobytes(used: resource.struct_rusage) -> float:
    return used.ru_maxrss * (1.024 if sys.platform != "darwin" else 0.001)


if __name__ == "__main__":
    main()
