"""The page for browsers: files of this package, served as they are."""

import gzip
import mimetypes
import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Final

from groundwire_server.edge.gateway.http_call import HttpCall
from groundwire_server.edge.gateway.reply import HttpHeaders, reply

POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; "
    "trusted-types 'none'"
)
"""What the page may do: nothing but load its own files and call its own server."""

_SECURITY: Final[HttpHeaders] = (
    (b"content-security-policy", POLICY.encode()),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-embedder-policy", b"require-corp"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
)
_INDEX: Final = "index.html"
_TYPES: Final = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
}
_NEVER: Final = re.compile(r"q=0(\.0*)?")
_SMALLER: Final = 0.9
"""Compressed to more of its size than this, a file is sent as it is."""


@dataclass(frozen=True, slots=True)
class _File:
    """A file as it is sent."""

    data: bytes
    compressed: bytes | None
    headers: HttpHeaders
    tag: bytes


class Pages:
    """The files of a folder, read once.

    Args:
        folder: of the package.
    """

    def __init__(self, folder: Traversable) -> None:
        self._files: Mapping[str, _File] = {f"/{name}": _file(name, data) for name, data in _contents(folder, "")}

    @classmethod
    def packaged(cls) -> "Pages":
        """Return the page of this package."""
        return cls(files("groundwire_server.edge.gateway") / "page")

    def has(self, path: str) -> bool:
        """Return whether there is a file for a path."""
        return self._path(path) in self._files

    async def serve(self, call: HttpCall) -> None:
        """Send the file of the request's path, or that the browser has it already."""
        file = self._files[self._path(call.scope["path"])]
        headers = [*file.headers, *_SECURITY, (b"etag", file.tag)]
        if call.headers.get("if-none-match", "").encode() in {file.tag, b"W/" + file.tag}:
            await reply(call.send, 304, b"", headers)
            return
        data = file.data
        if file.compressed is not None:
            headers.append((b"vary", b"Accept-Encoding"))
            if _takes_gzip(call.headers.get("accept-encoding", "")):
                data = file.compressed
                headers.append((b"content-encoding", b"gzip"))
        await reply(call.send, 200, data, headers)

    def _path(self, path: str) -> str:
        return f"/{_INDEX}" if path == "/" else path


def _takes_gzip(accepted: str) -> bool:
    """Return whether `Accept-Encoding` names gzip, with a weight other than 0."""
    for part in accepted.lower().split(","):
        name, _, weight = part.replace(" ", "").partition(";")
        if name == "gzip":
            return not _NEVER.fullmatch(weight)
    return False


def _contents(folder: Traversable, within: str) -> list[tuple[str, bytes]]:
    """Return the files of a folder and its folders, by their paths in it."""
    found: list[tuple[str, bytes]] = []
    for entry in folder.iterdir():
        path = f"{within}{entry.name}"
        if entry.is_dir():
            found += _contents(entry, f"{path}/")
        elif not entry.name.startswith((".", "_")):
            found.append((path, entry.read_bytes()))
    return found


def _file(name: str, data: bytes) -> _File:
    suffix = name[name.rfind(".") :]
    kind = _TYPES.get(suffix) or mimetypes.guess_type(name)[0] or "application/octet-stream"
    compressed = gzip.compress(data, 9, mtime=0)
    tag = f'"{sha256(data).hexdigest()[:32]}"'.encode()
    # Asked for again each time, and sent only when it has changed: a new version of the server has a new page at once.
    headers = ((b"content-type", kind.encode()), (b"cache-control", b"no-cache"))
    return _File(data, compressed if len(compressed) < _SMALLER * len(data) else None, headers, tag)
