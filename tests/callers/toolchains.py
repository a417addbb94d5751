"""Callers in other languages, built from protos/callers with the tools of their languages, and Python's frameworks.

The extra of the server that is too large for everybody's environment has one of its own here as well.

What tools fetch and build is kept in build/callers, so that only a change of the contract or of a caller builds anew.
The packages come through each tool's own client, once; where there is no network, and they are not there yet, the tests
are skipped.
"""

import fcntl
import hashlib
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CONTRACT = ROOT / "protos" / "callers"
SOURCES = Path(__file__).parent
BUILD = ROOT / "build" / "callers"
CACHE = BUILD / "cache"
SECONDS = 900

_NO_NETWORK = re.compile(
    "dial tcp|no such host|i/o timeout|proxyconnect|ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT"
    "|Could not transfer|Unknown host|Network is unreachable|Connection refused|Connect timed out|dns error"
)


@dataclass(frozen=True)
class Tool:
    """A command of a language, and the oldest version that will do."""

    command: str
    asked: Sequence[str]
    oldest: tuple[int, ...]

    def check(self) -> None:
        """Skip the test where the command is not there, or too old."""
        wanted = f"{self.command} {'.'.join(map(str, self.oldest))} or newer"
        if shutil.which(self.command) is None:
            pytest.skip(f"{wanted} is not installed; with it: make test ARGS='-m callers'")
        said = subprocess.run([self.command, *self.asked], capture_output=True, text=True, timeout=60, check=True)
        found = re.search(r"\d+\.\d+(\.\d+)*", said.stdout + said.stderr)
        if found is None or tuple(map(int, found.group().split("."))) < self.oldest:
            pytest.skip(f"{wanted} is needed; this is {found.group() if found else 'unknown'}")


def go() -> list[str]:
    """Build the caller in Go; return its command."""
    Tool("go", ["env", "GOVERSION"], (1, 24)).check()
    env = {
        "GOCACHE": str(CACHE / "go-build"),
        "GOMODCACHE": str(CACHE / "go-mod"),
        "GOFLAGS": "-modcacherw",
        "GOTOOLCHAIN": "local",
    }
    plugins = ("google.golang.org/protobuf/cmd/protoc-gen-go", "google.golang.org/grpc/cmd/protoc-gen-go-grpc")
    with _workspace("go") as folder:
        if folder is not None:
            _fetch(["go", "mod", "download"], folder, env)
            offline = {**env, "GOPROXY": "off"}
            _run(["go", "build", "-o", "bin/", *plugins], folder, offline)
            _generate("Go", folder, *(folder / "bin" / name for name in ("protoc-gen-go", "protoc-gen-go-grpc")))
            _run(["go", "vet", "."], folder, offline)
            _run(["go", "build", "-o", "bin/caller", "."], folder, offline)
    return [str(BUILD / "go" / "bin" / "caller")]


def typescript() -> list[str]:
    """Build the callers in TypeScript; return the command of the one that is no web page."""
    Tool("node", ["--version"], (20,)).check()
    Tool("npm", ["--version"], (9,)).check()
    with _workspace("typescript") as folder:
        if folder is not None:
            cache = ("--cache", str(CACHE / "npm"), "--prefer-offline", "--no-audit", "--no-fund", "--ignore-scripts")
            _fetch(["npm", "ci", *cache], folder)
            tools = folder / "node_modules" / ".bin"
            for language, name, plugin in (
                ("TypeScript", "generated", "protoc-gen-ts_proto"),
                ("TypeScript, in browsers", "web", "protoc-gen-es"),
            ):
                (folder / name).mkdir()
                _generate(language, folder / name, tools / plugin)
            _run([str(tools / "tsc")], folder)
    return ["node", str(BUILD / "typescript" / "out" / "main.js")]


def java() -> Path:
    """Compile the caller in Java; return the folder of its classes."""
    Tool("mvn", ["--version"], (3, 8)).check()
    Tool("javac", ["-version"], (17,)).check()
    with _workspace("java") as folder:
        if folder is not None:
            _fetch(
                ["mvn", "-q", "-B", f"-Dmaven.repo.local={CACHE / 'maven'}", f"-Dcontract={CONTRACT}", "compile"],
                folder,
            )
    return BUILD / "java" / "target" / "classes"


def frameworks() -> Path:
    """Make an environment with LangChain, LlamaIndex and what this checkout has for them; return its interpreter."""
    return _environment(
        "frameworks", [ROOT / "clients" / name / "src" for name in ("python", "langchain", "llamaindex")]
    )


def presidio() -> Path:
    """Make an environment with the extra `presidio` of the server; return its interpreter."""
    return _environment("presidio", [ROOT / "clients" / "python" / "src", ROOT / "server", ROOT])


def _environment(name: str, sources: Sequence[Path]) -> Path:
    with _workspace(name) as folder:
        if folder is not None:
            _run([sys.executable, "-m", "venv", "--without-pip", "venv"], folder)
            python = folder / "venv" / "bin" / "python"
            pins = ["--require-hashes", "--only-binary", ":all:", "constraints.txt"]
            _fetch([str(ROOT / ".ci" / "uv"), "pip", "sync", "--python", str(python), *pins], folder)
            # The sources themselves rather than an installation, so that a change of them needs no new environment.
            (site,) = folder.glob("venv/lib/python*/site-packages")
            (site / "groundwire.pth").write_text("".join(f"{path}\n" for path in sources))
    return BUILD / name / "venv" / "bin" / "python"


@contextmanager
def _workspace(language: str) -> Iterator[Path | None]:
    """A fresh copy of a caller's sources; None where what is built is of these sources and this contract."""
    folder = BUILD / language
    folder.mkdir(parents=True, exist_ok=True)
    with (BUILD / f"{language}.lock").open("w") as lock:
        # Tests run in several processes.
        fcntl.flock(lock, fcntl.LOCK_EX)
        stamp, wanted = folder / "stamp", _digest(SOURCES / language)
        if stamp.exists() and stamp.read_text() == wanted:
            yield None
            return
        shutil.rmtree(folder)
        shutil.copytree(SOURCES / language, folder)
        yield folder
        stamp.write_text(wanted)


def _digest(sources: Path) -> str:
    digest = hashlib.sha256(Path(__file__).read_bytes())
    for path in sorted((*sources.rglob("*"), *CONTRACT.rglob("*"))):
        if path.is_file():
            digest.update(f"{path}\n".encode() + path.read_bytes())
    return digest.hexdigest()


def _generate(language: str, out: Path, *plugins: Path) -> None:
    """Generate code by the very command that callers are given."""
    page = (CONTRACT / "README.md").read_text(encoding="utf-8")
    shown = re.search(rf"^\| {language} \| `protoc ([^`]+)`", page, re.MULTILINE)
    assert shown, f"the page for callers has no command for {language}"
    command = [sys.executable, "-m", "grpc_tools.protoc", *(f"--plugin={plugin}" for plugin in plugins)]
    for word in shlex.split(shown[1].replace("OUT", str(out))):
        command += (
            sorted(path.relative_to(CONTRACT).as_posix() for path in CONTRACT.glob(word)) if "*" in word else [word]
        )
    _run(command, CONTRACT)


def _fetch(command: Sequence[str], folder: Path, env: Mapping[str, str] | None = None) -> None:
    """Run a command that needs a network where its packages are not in the cache."""
    done = _done(command, folder, env or {})
    said = done.stdout + done.stderr
    if done.returncode and (unreached := _NO_NETWORK.search(said)):
        pytest.skip(f"{command[0]} cannot fetch its packages ({unreached.group()}): run it once with a network")
    assert done.returncode == 0, f"{' '.join(command)}\n{said}"


def _run(command: Sequence[str], folder: Path, env: Mapping[str, str] | None = None) -> None:
    done = _done(command, folder, env or {})
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}{done.stderr}"


def _done(command: Sequence[str], folder: Path, env: Mapping[str, str]) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        command, cwd=folder, env={**os.environ, **env}, capture_output=True, text=True, timeout=SECONDS, check=False
    )
