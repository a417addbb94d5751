"""`groundwire init`."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Ran

Command = Callable[..., Ran]


def test_it_says_what_it_made_and_then_what_it_kept(groundwire_command: Command, tmp_path: Path) -> None:
    command = ("init", str(tmp_path), "--host", "server", "--secret", str(tmp_path / "weaviate" / "api-key"))

    made, kept = groundwire_command(*command), groundwire_command(*command)

    day = r"\d{4}-\d\d-\d\d"
    assert (made.code, made.err) == (0, "")
    assert re.fullmatch(
        f"made {tmp_path}/tls.crt for localhost, 127.0.0.1, ::1, server, valid until {day}\n"
        f"made {tmp_path}/api-key for tenant local, reader\\+writer, valid until {day}\n"
        f"made {tmp_path}/weaviate/api-key\n",
        made.out,
    )
    assert (kept.code, kept.err) == (0, "")
    assert re.fullmatch(
        f"kept {tmp_path}/tls.crt, valid until {day}\n"
        f"kept {tmp_path}/api-key, valid until {day}\n"
        f"kept {tmp_path}/weaviate/api-key\n",
        kept.out,
    )


def test_no_secret_is_printed(groundwire_command: Command, tmp_path: Path) -> None:
    ran = groundwire_command("init", str(tmp_path), "--secret", str(tmp_path / "shared"))

    for name in ("api-key", "shared", "tls.key"):
        assert (tmp_path / name).read_text().strip() not in ran.out + ran.err


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("--host", "a b"), 2, "host a b: is neither a name nor an IP address"),
        (("--tenant", "No Tenant"), 2, "tenant"),
    ],
)
def test_what_cannot_be_used_is_named(
    groundwire_command: Command, tmp_path: Path, arguments: tuple[str, ...], code: int, said: str
) -> None:
    ran = groundwire_command("init", str(tmp_path), *arguments)

    assert ran.code == code
    assert said in ran.err


def test_a_folder_that_is_a_file_ends_it(groundwire_command: Command, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    ran = groundwire_command("init", str(tmp_path / "file"))

    assert (ran.code, ran.out) == (4, "")
    assert "cannot be written" in ran.err
