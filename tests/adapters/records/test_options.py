"""Options that name no database are refused with what to write; the others mean what they say."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from groundwire_server.adapters.records.durability import network_file_system
from groundwire_server.adapters.records.options import RecordsOptions

KEYS = [{"id": "k1", "key": "env://RECORDS_KEY"}]


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECORDS_KEY", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")
    monkeypatch.setenv("SHORT_KEY", "AAAA")


def options(**given: Any) -> RecordsOptions:
    return RecordsOptions.model_validate(given)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("mysql://db/records", "must begin with sqlite:/// and a path, or with postgresql://"),
        ("records.sqlite3", "must begin with"),
        ("sqlite:///", "must name a file"),
        ("sqlite:///:memory:", "must name a file"),
        ("sqlite:///a?mode=ro", "must name a file"),
        ("postgresql://ann:secret@db/records", "must hold no user name or password"),
        ("postgresql://db", "must be like postgresql://HOST:PORT/DATABASE"),
        ("postgresql://db:99999/records", "must be like"),
        ("postgresql://db:0/records", "must be like"),
        ("postgresql://db/a/b", "must be like"),
        ("postgresql:///records", "must name a host, or the folder of a socket"),
        ("postgresql:///records?host=db", "must name a host, or the folder of a socket"),
        ("postgresql://db/records?sslmode=disable", "takes nothing after `\\?` but the folder of a socket"),
        ("postgresql://db/records?host=/run", "takes nothing after"),
    ],
)
def test_what_names_no_database_is_refused(url: str, said: str) -> None:
    with pytest.raises(ValidationError, match=said) as refused:
        options(url=url, keys=KEYS)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"url": "postgresql://db/records"}, "PostgreSQL needs `keys`"),
        ({"url": "sqlite:///a", "username": "ann"}, "`username` is of PostgreSQL, and `url` names a file"),
        ({"tls": False}, "`tls` is of PostgreSQL"),
        ({"keys": []}, "must hold one, or be left out"),
        ({"keys": [*KEYS, *KEYS]}, "two of `keys` have the same id"),
        ({"keys": [{"id": "k1", "key": "env://SHORT_KEY"}]}, "must be 32 bytes in base64"),
        ({"keys": [{"id": "K 1", "key": "env://RECORDS_KEY"}]}, "should match pattern"),
    ],
)
def test_what_does_not_fit_together_is_refused(given: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        options(**given)


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("postgresql://db.example.com/records", ("db.example.com", 5432, "records", True)),
        ("postgresql://127.0.0.1:6000/records", ("127.0.0.1", 6000, "records", False)),
        ("postgresql://localhost/re%20cords", ("localhost", 5432, "re cords", False)),
        ("postgresql://[::1]:6000/records", ("::1", 6000, "records", False)),
        ("postgresql:///records?host=/run/postgresql", ("/run/postgresql", 5432, "records", False)),
    ],
)
def test_a_url_says_where_postgresql_is_and_whether_it_proves_itself(
    url: str, place: tuple[str, int, str, bool]
) -> None:
    found = options(url=url, keys=KEYS)
    assert (found.host, found.port, found.database, found.verified) == place
    assert found.file is None


@pytest.mark.parametrize(("tls", "host"), [(True, "127.0.0.1"), (False, "db.example.com")])
def test_tls_can_be_asked_for_and_done_without(tls: bool, host: str) -> None:
    assert options(url=f"postgresql://{host}/records", keys=KEYS, tls=tls).verified is tls


def test_a_file_is_beside_the_store_unless_one_is_named() -> None:
    assert options().file == Path("groundwire-data/records.sqlite3")
    assert options().beside(Path("/srv/data")).file == Path("/srv/data/records.sqlite3")
    assert options(url="sqlite:///own.sqlite3").beside(Path("/srv/data")).file == Path("own.sqlite3")
    assert options(url="sqlite:////srv/own.sqlite3").file == Path("/srv/own.sqlite3")


@pytest.mark.parametrize(
    ("file", "kind"),
    [
        ("/home/data/records.sqlite3", None),
        ("/mnt/share/records.sqlite3", "nfs4"),
        ("/mnt/share/disk/records.sqlite3", None),
        ("/mnt/other place/records.sqlite3", "cifs"),
    ],
)
def test_a_file_system_that_other_machines_share_is_known(tmp_path: Path, file: str, kind: str | None) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text(
        "/dev/sda1 / ext4 rw 0 0\n"
        "nas:/share /mnt/share nfs4 rw 0 0\n"
        "/dev/sdb1 /mnt/share/disk ext4 rw 0 0\n"
        "//nas/other /mnt/other\\040place cifs rw 0 0\n"
    )
    assert network_file_system(Path(file), mounts) == kind
    assert network_file_system(Path(file), tmp_path / "missing") is None
