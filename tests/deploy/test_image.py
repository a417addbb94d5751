"""Images are pinned, and the server's has what the compose files expect of it."""

import re
from pathlib import Path

from tests.deploy.stack import ROOT, Compose, files, services

DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
VERSION = re.search(r'^version = "(.+)"$', (ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.MULTILINE)
PINNED = re.compile(r"[\w./-]+:v?\d+\.\d+(\.\d+)?(-[a-z-]+)?")  # PostgreSQL has two numbers


@services
def test_the_image_is_pinned(compose: Compose, name: str) -> None:
    image = compose.services[name]["image"]

    assert PINNED.fullmatch(image)
    if image.startswith("groundwire"):
        assert VERSION is not None
        assert image == f"groundwire-server:{VERSION[1]}"


@files
def test_the_image_is_built_once_and_pulled_never(compose: Compose) -> None:
    own = {name: each for name, each in compose.services.items() if each["image"].startswith("groundwire")}

    assert [name for name, each in own.items() if "build" in each] == ["permissions"]
    assert (compose.file.parent / own["permissions"]["build"]).resolve() == ROOT
    assert {each["pull_policy"] for each in own.values()} == {"never"}


def test_the_images_python_is_pinned_once() -> None:
    first, *stages = re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)

    assert PINNED.fullmatch(first)
    assert set(stages) == {"base"}


def test_the_image_copies_what_there_is() -> None:
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.MULTILINE)

    for path in " ".join(copied).split():
        assert (ROOT / path).exists(), path


@services
def test_the_image_has_the_user_and_the_folders(compose: Compose, name: str) -> None:
    service = compose.services[name]
    if not service["image"].startswith("groundwire"):
        return
    (user,) = re.findall(r"^USER (\S+)", DOCKERFILE, re.MULTILINE)
    assert service["user"].split(":")[0] in {user, "0"}
    assert re.search(
        r"install --directory --owner=groundwire --mode=0700 /data /credentials$", DOCKERFILE, re.MULTILINE
    )
    if "healthcheck" in service:
        _, interpreter, path = service["healthcheck"]["test"]
        assert interpreter == "python"
        copied = re.search(rf"^COPY (\S*{Path(path).name}) {Path(path).parent}/$", DOCKERFILE, re.MULTILINE)
        assert copied is not None
