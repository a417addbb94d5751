"""Writes the client without asyncio from the client for asyncio, and its tests from that one's.

    python clients/python/unasync.py           writes what differs
    python clients/python/unasync.py --check   writes nothing; exits with 1 and names the files that differ

What cannot be had by replacing words is written by hand, under the same names, in `_aio` and `_threads`.
"""

import argparse
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = {
    "clients/python/src/groundwire/_async": "clients/python/src/groundwire/_sync",
    "tests/client/_async": "tests/client/_sync",
}

HEADER = "# Generated from {source}: change that, then `make generate`.\n"

WORDS = [
    # Names that only asyncio's package has.
    (r"import grpc\.aio\n", ""),
    (r"grpc\.aio\.", "grpc."),
    (r"_aio\b", "_threads"),
    (r"_async\b", "_sync"),
    # The language.
    (r"async (def|for|with)\b", r"\1"),
    (r"await ", ""),
    (r"__a(enter|exit|iter|next)__", r"__\1__"),
    (r"AsyncGenerator\[(\w+), None\]", r"Generator[\1, None, None]"),
    (r"Awaitable\[(\w+)\]", r"\1"),
    (r"Async(Generator|Iterable|Iterator)\b", r"\1"),
    (r"StopAsyncIteration\b", "StopIteration"),
    (r"aclose\b", "close"),
    (r"\ba(iter|next)\(", r"\1("),
    # The public names, and what is said of them.
    (r"\b(AnswerOperation|AnswerStream|Client)\b", r"Sync\1"),
    (r"for asyncio\b", "for programs without asyncio"),
]


def main() -> int:
    """Write the files, or with --check compare them."""
    parser = argparse.ArgumentParser(description="Generate the client for programs without asyncio.")
    parser.add_argument("--check", action="store_true", help="write nothing; fail when a file differs")
    check = parser.parse_args().check
    wanted = generate()
    stored = {path for folder in PACKAGES.values() for path in (ROOT / folder).glob("*.py")}
    differing = sorted(
        path for path in wanted.keys() | stored if (read(path) if path in stored else None) != wanted.get(path)
    )
    for path in differing:
        name = path.relative_to(ROOT)
        if check:
            print(f"{'superfluous' if path not in wanted else 'out of date'}: {name}", file=sys.stderr)
        elif path not in wanted:
            path.unlink()
            print(f"removed {name}")
        else:
            path.write_text(wanted[path], encoding="utf-8")
            print(f"wrote {name}")
    if check and differing:
        print("Run `make generate` and commit the result.", file=sys.stderr)
    return 1 if check and differing else 0


def generate() -> dict[Path, str]:
    """Return every generated file's text by its path.

    Raises:
        SystemExit: when a word is replaced nowhere: it has outlived its use.
    """
    sources = {
        path: ROOT / target / path.name for source, target in PACKAGES.items() for path in (ROOT / source).glob("*.py")
    }
    texts = {path: read(path) for path in sources}
    unused = [word for word, _ in WORDS if not any(re.search(word, text) for text in texts.values())]
    if unused:
        raise SystemExit(f"unasync: nothing matches {', '.join(unused)}")
    for target in PACKAGES.values():
        (ROOT / target).mkdir(exist_ok=True)  # or ruff takes their imports for those of another project
    return {target: formatted(target, without_asyncio(path, texts[path])) for path, target in sources.items()}


def without_asyncio(path: Path, text: str) -> str:
    """Return a file's text with its words replaced."""
    for word, replacement in WORDS:
        text = re.sub(word, replacement, text)
    return HEADER.format(source=path.relative_to(ROOT)) + text


def formatted(path: Path, text: str) -> str:
    """Return a text as ruff wants it: without asyncio, some of it can be said in fewer words."""
    ruff = Path(sys.executable).with_name("ruff")
    for command in (
        ["check", "--select=I,C416,F401,SIM117,UP028", "--fix-only", "--unsafe-fixes", "--quiet"],
        ["format", "--quiet"],
    ):
        done = subprocess.run(
            [ruff, *command, "--stdin-filename", path, "-"],
            cwd=ROOT,
            input=text,
            capture_output=True,
            text=True,
            check=True,
        )
        text = done.stdout
    return text


def read(path: Path) -> str:
    """Return a file's text."""
    return path.read_text(encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
