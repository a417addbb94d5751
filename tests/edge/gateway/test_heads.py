"""A head that two programs may read in two ways is refused."""

import pytest

from groundwire_server.edge.gateway.heads import headers_of, refusal_of
from groundwire_server.edge.gateway.http_call import Scope

LENGTH = (b"content-length", b"5")
CHUNKED = (b"transfer-encoding", b"chunked")


def head(*headers: tuple[bytes, bytes], version: str = "1.1", path: str = "/healthz", raw: bytes = b"") -> Scope:
    sent = raw or path.encode()
    return {"http_version": version, "headers": headers, "path": path, "raw_path": sent, "query_string": b""}


@pytest.mark.parametrize(
    ("scope", "status", "closes"),
    [
        (head(LENGTH, CHUNKED), 400, True),
        (head(CHUNKED, version="1.0"), 400, True),
        (head(version="2.0"), 505, True),
        (head(version="9.9"), 505, True),
        (head((b"x-name", b"x" * 5000)), 431, False),
        (head(path="/../secret", raw=b"/%2e%2e/secret"), 404, False),
        (head(path="/\ufffd", raw=b"/%ff"), 404, False),
    ],
)
def test_a_head_is_refused(scope: Scope, status: int, closes: bool) -> None:
    refusal = refusal_of(scope, 4096)
    assert refusal is not None
    assert (refusal.status, refusal.closes) == (status, closes)


@pytest.mark.parametrize("scope", [head(LENGTH), head(CHUNKED), head(), head(LENGTH, version="1.0")])
def test_an_ordinary_head_is_not(scope: Scope) -> None:
    assert refusal_of(scope, 4096) is None


def test_values_of_a_repeated_header_are_joined() -> None:
    assert headers_of([(b"authorization", b"a"), (b"authorization", b"b")]) == {"authorization": "a,b"}
    assert headers_of([(b"x-name", "ü".encode())]) is None
