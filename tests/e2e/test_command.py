"""The command against a real server that asks who calls."""

import asyncio
import io
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

from groundwire_server.app import keys
from groundwire_server.app.access import access
from groundwire_server.app.clock import SystemClock
from groundwire_server.app.configuration.models.authentication import ApiKeysConfig, AuthenticationConfig
from groundwire_server.cli.main import run
from groundwire_server.domain.caller import Role
from tests.e2e.conftest import Serve


async def command(*arguments: str) -> tuple[int, str, str]:
    """Runs the command in a thread of its own, beside the server."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = await asyncio.to_thread(run, arguments)
    return code, out.getvalue(), err.getvalue()


@pytest.fixture
def key_files(tmp_path: Path) -> dict[str, str]:
    """Files with the keys of a writer, a reader and nobody, beside the file by which the server knows them."""
    files, text = {}, ""
    for role in (Role.READER, Role.WRITER):
        _, text = keys.create(tmp_path / "keys.json", "acme", role, ["staff"], [role], None, SystemClock())
        (tmp_path / role).write_text(f"{text}\n")
        files[str(role)] = str(tmp_path / role)
    (tmp_path / "nobody").write_text(f"{text[:-4]}AAAA")
    return {**files, "nobody": str(tmp_path / "nobody"), "keys": str(tmp_path / "keys.json")}


async def test_the_command_shows_its_key_and_the_server_its_version(
    serve: Serve, key_files: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("GROUNDWIRE_STORES__MAIN__FOLDER", str(tmp_path))
    document = tmp_path / "mail.md"
    document.write_text("# Mail\n\nParcels wait in the mail room.\n")
    section = AuthenticationConfig(api_keys=ApiKeysConfig(file=Path(key_files["keys"])))
    async with access(section, None, SystemClock()) as opened, serve(access=opened) as product:

        async def by(role: str, *arguments: str) -> tuple[int, str, str]:
            return await command(*arguments, "--server", product.address, "--api-key-file", key_files[role])

        stored = await by("writer", "ingest", str(document))
        again = await by("writer", "ingest", str(document))
        found = await by("reader", "retrieve", "Where do parcels wait?")
        looked = await by("reader", "doctor")
        as_writer = await by("writer", "doctor")
        may_not = await by("reader", "documents", "delete", "mail.md", "--yes")
        wrong = await by("nobody", "documents", "list")
        none = await command("documents", "list", "--server", product.address)

    assert (stored[0], again[0], found[0]) == (0, 0, 0)
    assert "1 unchanged" in again[1]
    assert "Parcels wait in the mail room." in found[1]
    assert looked[0] == as_writer[0] == 0, looked[1] + as_writer[1]
    assert all(f"ok   {check} " in looked[1] for check in ("version", "clock", "credential", "corpus", "schema"))
    assert "its roles do not allow reading" in " ".join(as_writer[1].split())
    assert may_not[0] == wrong[0] == none[0] == 4
    assert all(ended[2].count("\n") == 1 for ended in (may_not, wrong, none))
    assert "--api-key-file" in wrong[2]
    assert "--api-key-file" in none[2]
