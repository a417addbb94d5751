"""The guards of documents are those that the configuration names."""

from pathlib import Path

from groundwire_server.app.configuration.load import Sources, load
from groundwire_server.app.parts.parts import open_parts
from groundwire_server.app.parts.screens import open_document_screen
from groundwire_server.app.parts.shared import Shared
from groundwire_server.corpus.screening import ScreenedDocument
from groundwire_server.domain.document import Document
from groundwire_server.domain.vocabulary import GuardAction
from tests.doubles.spans import Spans

GUARDS = """
guards:
  rivals: {kind: terms, version: "7", category: competitors, terms: [Initech]}
  projects: {kind: patterns, version: "2", category: project, patterns: ["PROJECT-[A-Z]{3}"]}
"""
SCREEN = """
ingest:
  screen:
    use:
      - {guard: projects, categories: {project: FLAG}}
      - {guard: rivals, tenants: [acme]}
"""
DOCUMENT = Document("d", "PROJECT-ABC beats Initech.")


async def screened(folder: Path, text: str, tenant: str) -> ScreenedDocument:
    (folder / "groundwire.yaml").write_text(text)
    lease = Shared().lease()
    screen = await open_document_screen(load(Sources(folder / "groundwire.yaml")).configuration, lease)
    await lease.end()
    assert screen is not None
    (found,) = screen.look(tenant, DOCUMENT)
    return found


async def test_each_finding_leads_to_what_is_configured(tmp_path: Path) -> None:
    found = await screened(tmp_path, GUARDS + SCREEN, "acme")
    assert [(flag.guard.name, flag.guard.version, flag.category, flag.action) for flag in found.flags] == [
        ("projects", "2", "project", GuardAction.FLAG),
        ("rivals", "7", "competitors", GuardAction.QUARANTINE),
    ]
    assert [(each.category, DOCUMENT.text[each.start : each.end]) for each in found.findings] == [
        ("competitors", "Initech")
    ]


async def test_a_guard_looks_for_its_tenants_alone(tmp_path: Path) -> None:
    found = await screened(tmp_path, GUARDS + SCREEN, "globex")
    assert [flag.guard.name for flag in found.flags] == ["projects"]
    assert found.findings == ()


async def test_without_guards_documents_pass_nothing(tmp_path: Path) -> None:
    (tmp_path / "groundwire.yaml").write_text(GUARDS + f"stores: {{main: {{kind: embedded, folder: {tmp_path}/s}}}}")
    lease = Shared().lease()
    parts = await open_parts(load(Sources(tmp_path / "groundwire.yaml")).configuration, lease, Spans().recording)
    assert parts.document_screen is None
    await lease.end()
