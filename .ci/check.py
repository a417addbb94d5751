"""Runs every check of the checkout and prints each one's name and time; a failed one also prints what it said.

Words on the command line choose those checks whose name contains one of them: `python .ci/check.py mypy buf`.
"""

import os
import subprocess
import sys
import time
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TYPED = [
    "server/groundwire_server",
    "clients/python/src",
    "tests",
    "bench",
    "docs",
    "deploy",
    "protos/generate.py",
    "clients/python/unasync.py",
    ".ci/check.py",
]

CHECKS = {
    # The longest first: the checks run two at a time.
    "mypy": ["mypy", *(path for path in TYPED if (ROOT / path).exists())],
    "ruff check": ["ruff", "check", "--quiet", "--no-cache", "."],
    "ruff format": ["ruff", "format", "--check", "--quiet", "--diff", "."],
    "documentation": ["python", "-m", "mkdocs", "build", "--quiet", "--config-file", "docs/site/mkdocs.yml"],
    "import-linter": ["lint-imports", "--no-cache"],
    "buf lint": ["buf", "lint"],
    "buf breaking": ["buf", "breaking", "--path", "groundwire", "--against", "image.binpb", "--exclude-imports"],
    "generated code": ["python", "protos/generate.py", "--check"],
    "sync client": ["python", "clients/python/unasync.py", "--check"],
    "boards": ["python", "-m", "deploy.grafana", "--check"],
}


def main(words: list[str]) -> int:
    """Runs the checks and reports them in the order above."""
    chosen = {name: command for name, command in CHECKS.items() if not words or any(word in name for word in words)}
    started = time.monotonic()
    failed = 0
    with ThreadPoolExecutor(max_workers=2) as pool:
        runs = {name: pool.submit(run, command) for name, command in chosen.items()}
        for name, future in runs.items():
            failed += report(name, future)
    print(f"check: {len(chosen) - failed} of {len(chosen)} passed in {time.monotonic() - started:.1f} s")
    return 1 if failed or not chosen else 0


def run(command: list[str]) -> tuple[int, str, float]:
    """Runs one command of the environment; returns its status, its output and its time in seconds."""
    started = time.monotonic()
    tools = Path(sys.executable).parent
    environment = {**os.environ, "PATH": f"{tools}{os.pathsep}{os.environ.get('PATH', '')}"}
    done = subprocess.run(
        [str(tools / command[0]), *command[1:]],
        cwd=ROOT / "protos" if command[0] == "buf" else ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout, time.monotonic() - started


def report(name: str, future: "Future[tuple[int, str, float]]") -> bool:
    """Prints a check's result; returns whether it failed."""
    status, output, seconds = future.result()
    print(f"{'ok  ' if status == 0 else 'FAIL'} {name:<16}{seconds:5.1f} s", flush=True)
    if status != 0:
        print("".join(f"     {line}\n" for line in output.splitlines()), flush=True)
    return status != 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
