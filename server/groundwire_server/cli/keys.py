"""`groundwire keys`."""

import sys
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from groundwire_server.cli.exits import CommandError, ExitCode

if TYPE_CHECKING:
    from groundwire_server.app.keys import KeyState

DEFAULT_FILE = Path("groundwire-keys.json")
DEFAULT_EXPIRES = "90d"

_UNITS = {"h": 1.0 / 24.0, "d": 1.0, "w": 7.0}
_LONGEST_DAYS = 36_500
_TABLE_WIDTH = 60
"""The width in columns below which a table would break words."""

File: TypeAlias = Annotated[
    Path, typer.Option(envvar="GROUNDWIRE_KEYS", metavar="FILE", help="File of the keys, which holds their hashes.")
]


def create(
    tenant: Annotated[str, typer.Option(metavar="NAME", help="Tenant of the key.")],
    subject: Annotated[
        str, typer.Option(metavar="NAME", help="Subject of the key: the service or person who uses it.")
    ],
    role: Annotated[
        list[str], typer.Option(metavar="ROLE", help="reader, writer, reviewer, operator or admin; repeatable.")
    ],
    principal: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Principal of the key, such as a group; repeatable.")
    ] = None,
    expires: Annotated[str, typer.Option(metavar="TIME", help="Lifetime: 12h, 90d, 52w or never.")] = DEFAULT_EXPIRES,
    file: File = DEFAULT_FILE,
) -> None:
    """Create an API key and print it once, on standard output.

    Its id, caller and expiry go to standard error. To rotate a key, create another for the same subject, deploy it,
    then revoke the old one: both are valid until then.
    """
    from groundwire_server.app import keys  # noqa: PLC0415  # imports what --help does not need
    from groundwire_server.app.clock import SystemClock  # noqa: PLC0415
    from groundwire_server.domain.caller import Role  # noqa: PLC0415

    unknown = [name for name in role if name not in set(Role)]
    if unknown:
        raise CommandError(ExitCode.USAGE, f"unknown role: {unknown[0]}; roles are {', '.join(Role)}")
    roles = [Role(name) for name in role]
    try:
        key, text = keys.create(file, tenant, subject, principal or (), roles, _lifetime(expires), SystemClock())
    except ValueError as wrong:
        raise CommandError(ExitCode.USAGE, str(wrong)) from None
    except keys.KeyFileError as unusable:
        raise CommandError(ExitCode.FAILED, str(unusable)) from None
    until = "never expires" if key.expires is None else f"expires {key.expires:%Y-%m-%d %H:%M} UTC"
    print(f"key {key.key_id} in {file}: {_who(key)}; {until}", file=sys.stderr)
    print("it is not shown again; send it as groundwire-api-key", file=sys.stderr)
    print(text)


def list_(
    file: File = DEFAULT_FILE,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object per line.")] = False,
) -> None:
    """List the keys, oldest first, without their secrets."""
    from groundwire_server.app import keys  # noqa: PLC0415  # imports what --help does not need
    from groundwire_server.app.clock import SystemClock  # noqa: PLC0415

    try:
        known = keys.known(file, SystemClock())
    except keys.KeyFileError as unusable:
        raise CommandError(ExitCode.FAILED, str(unusable)) from None
    if as_json:
        _print_json(known)
    else:
        _print_table(known)


def revoke(
    key_id: Annotated[str, typer.Argument(metavar="ID", help="Id of the key: the part between gw_ and the next _.")],
    file: File = DEFAULT_FILE,
) -> None:
    """Revoke a key; a running server rejects it from the next call on."""
    from groundwire_server.app import keys  # noqa: PLC0415  # imports what --help does not need
    from groundwire_server.app.clock import SystemClock  # noqa: PLC0415

    if "_" in key_id:
        raise CommandError(ExitCode.USAGE, "give the key's id, not the key itself: `groundwire keys list` shows it")
    try:
        key = keys.revoke(file, key_id, SystemClock())
    except keys.KeyFileError as unusable:
        raise CommandError(ExitCode.FAILED, str(unusable)) from None
    if key is None:
        raise CommandError(
            ExitCode.FAILED, f"there is no key {key_id} in {file}: `groundwire keys list` shows all keys"
        )
    print(f"key {key.key_id} is revoked: {_who(key)}")


def _lifetime(expires: str) -> timedelta | None:
    if expires == "never":
        return None
    count, unit = expires[:-1], expires[-1:]
    if not (count.isascii() and count.isdecimal()) or unit not in _UNITS:
        raise CommandError(
            ExitCode.USAGE, f"--expires {expires}: give hours, days or weeks, such as 12h, 90d or 52w, or never"
        )
    days = int(count[:9]) * _UNITS[unit]
    if not 0 < days <= _LONGEST_DAYS:
        raise CommandError(ExitCode.USAGE, f"--expires {expires}: give more than 0 and at most {_LONGEST_DAYS} days")
    return timedelta(days=days)


def _who(key: "KeyState") -> str:
    caller = key.caller
    said = f"tenant {caller.tenant}, subject {caller.subject}, {'+'.join(sorted(caller.roles)) or 'no role'}"
    return said + (f", principals {', '.join(sorted(caller.principals))}" if caller.principals else "")


def _print_json(known: "Sequence[KeyState]") -> None:
    import json  # noqa: PLC0415

    for key in known:
        listed = {
            "id": key.key_id,
            "state": key.state,
            "tenant": key.caller.tenant,
            "subject": key.caller.subject,
            "principals": sorted(key.caller.principals),
            "roles": sorted(key.caller.roles),
            "created": key.created.isoformat(),
            "expires": key.expires.isoformat() if key.expires else None,
            "revoked": key.revoked.isoformat() if key.revoked else None,
        }
        print(json.dumps(listed, ensure_ascii=False))


def _print_table(known: "Sequence[KeyState]") -> None:
    from rich import box  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    from groundwire_server.cli.console import Terminal  # noqa: PLC0415

    console = Terminal()
    if not known:
        print("no keys", file=sys.stderr)
    elif console.width < _TABLE_WIDTH:
        for key in known:
            console.hang(Text(f"{key.key_id} "), Text(f"{key.state}, {_who(key)}, expires {_until(key)}"))
    else:
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
        for name in ("id", "state", "tenant", "subject", "roles", "expires"):
            table.add_column(name, overflow="fold", no_wrap=name in {"id", "state", "expires"})
        for key in known:
            roles = ", ".join(sorted(key.caller.roles))
            table.add_row(key.key_id, key.state, key.caller.tenant, key.caller.subject, roles, _until(key))
        console.print(table)


def _until(key: "KeyState") -> str:
    return f"{key.expires:%Y-%m-%d}" if key.expires else "never"
