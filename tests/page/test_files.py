"""The files of the page: what they may not hold, whatever they show."""

import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.page.files import MODULES, PAGE, STYLES

FORBIDDEN = re.compile(
    r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|createContextualFragment"
    r"|DOMParser|srcdoc|localStorage|document\.cookie|indexedDB|setAttribute\(\"(?:on|style)"
)
ADDRESS = re.compile(r"https?://[^\s\"'`)]+")
IMPORT = re.compile(r"^(?:import\b|\}).* from \"([^\"]+)\";$", re.MULTILINE)
LONGEST = 400


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def test_the_document_has_no_script_style_or_handler_of_its_own() -> None:
    document = _Tags()
    document.feed((PAGE / "index.html").read_text(encoding="utf-8"))

    assert [tag for tag, attributes in document.tags if tag == "script" and not attributes.get("src")] == []
    assert [tag for tag, _ in document.tags if tag in {"style", "iframe", "object", "embed", "base", "form"}] == []
    assert [
        name for _, attributes in document.tags for name in attributes if name.startswith("on") or name == "style"
    ] == []
    sources = [attributes.get("src") or attributes.get("href") or "" for _, attributes in document.tags]
    assert all((PAGE / source).is_file() for source in sources if source and not source.startswith("#"))


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(PAGE)))
def test_a_module_makes_no_markup_and_keeps_nothing_beyond_the_tab(module: Path) -> None:
    text = module.read_text(encoding="utf-8")

    assert FORBIDDEN.findall(text) == []
    assert {*ADDRESS.findall(text)} <= {"http://www.w3.org/2000/svg"}
    assert text.count("\n") <= LONGEST
    for imported in IMPORT.findall(text):
        assert imported.startswith("."), imported
        assert (module.parent / imported).is_file(), imported


def test_styles_load_nothing() -> None:
    for style in STYLES:
        assert not re.search(r"url\(|@import", style.read_text(encoding="utf-8")), style.name


@pytest.mark.process
@pytest.mark.skipif(shutil.which("node") is None, reason="no Node.js is installed")
@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(PAGE)))
def test_a_module_can_be_parsed(module: Path) -> None:
    command = ["node", "--check", "--input-type=module"]
    done = subprocess.run(command, input=module.read_bytes(), capture_output=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr.decode()
