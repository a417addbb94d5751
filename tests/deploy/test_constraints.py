"""constraints.txt pins, with hashes, everything that the image installs, whatever its Python and processor.

Read from the metadata of what is installed here, without a network; test_wheels.py installs it.
"""

import re
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path
from typing import TypeAlias

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
CONSTRAINTS = ROOT / "constraints.txt"
IMAGE = Requirement("groundwire-server[local,weaviate]")
"""What deploy/image/install installs."""
OWN = {"groundwire", "groundwire-server"}


Environment: TypeAlias = dict[str, str]
ENVIRONMENTS: list[Environment] = [
    {
        "python_version": f"3.{minor}",
        "python_full_version": f"3.{minor}.0",
        "platform_machine": machine,
        "platform_system": "Linux",
        "sys_platform": "linux",
        "os_name": "posix",
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
    }
    for minor in (11, 12, 13, 14)
    for machine in ("x86_64", "aarch64")
]
"""What the image may be built for, as markers say it."""


def applies(requirement: Requirement, environment: Environment, extras: frozenset[str]) -> bool:
    if requirement.marker is None:
        return True
    return any(requirement.marker.evaluate({**environment, "extra": extra}) for extra in extras or {""})


def needed(environment: Environment) -> dict[str, list[Requirement]]:
    """Return every requirement that follows from the image's, by the name of its package."""
    found: dict[str, list[Requirement]] = {}
    waiting = [IMAGE]
    seen: set[tuple[str, frozenset[str]]] = set()
    while waiting:
        requirement = waiting.pop()
        name = canonicalize_name(requirement.name)
        found.setdefault(name, []).append(requirement)
        extras = frozenset(requirement.extras)
        if (name, extras) in seen:
            continue
        seen.add((name, extras))
        try:
            further = requires(name) or []
        except PackageNotFoundError:
            continue  # needed by another environment alone
        waiting += [each for line in further if applies(each := Requirement(line), environment, extras)]
    return found


def pins(environment: Environment, text: str) -> dict[str, str]:
    """Return the pinned versions that apply to an environment and have a hash."""
    lines = re.findall(r"^([a-z0-9].*?) \\\n(?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+", text, re.MULTILINE)
    found = [Requirement(line) for line in lines]
    return {
        canonicalize_name(each.name): str(each.specifier).removeprefix("==")
        for each in found
        if applies(each, environment, frozenset())
    }


def lacking(environment: Environment, text: str) -> list[str]:
    """Return the requirements that no pin satisfies."""
    pinned = pins(environment, text)
    return [
        str(requirement)
        for name, requirements in needed(environment).items()
        for requirement in requirements
        if name not in OWN and not (name in pinned and requirement.specifier.contains(pinned[name], prereleases=True))
    ]


@pytest.mark.parametrize(
    "environment",
    ENVIRONMENTS,
    ids=lambda each: f"{each['python_version']}-{each['platform_machine']}",
)
def test_everything_that_the_image_needs_is_pinned(environment: Environment) -> None:
    assert {"grpcio", "onnxruntime", "weaviate-client", "uvloop", "typing-extensions"} <= set(needed(environment))
    assert lacking(environment, CONSTRAINTS.read_text(encoding="utf-8")) == []


def test_a_package_that_is_not_pinned_is_found() -> None:
    environment = ENVIRONMENTS[0]
    text = CONSTRAINTS.read_text(encoding="utf-8")
    for name in sorted(set(needed(environment)) - OWN)[::10]:
        without = re.sub(rf"^{re.escape(name)}==.*\n(?:    --hash=.*\n)+", "", text, flags=re.MULTILINE)
        assert {canonicalize_name(Requirement(each).name) for each in lacking(environment, without)} == {name}


def test_the_image_installs_these_extras() -> None:
    assert f"'{IMAGE}'" in (ROOT / "deploy" / "image" / "install").read_text(encoding="utf-8")
