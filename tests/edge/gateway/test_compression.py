"""A compressed message is read once, whatever it holds."""

import gzip
import zlib

import pytest
from connectrpc.code import Code
from connectrpc.errors import ConnectError

from groundwire_server.edge.gateway.compression import SingleMemberGzip

TEXT = b"Lambda expressions create anonymous functions."
WHOLE = gzip.compress(TEXT)


@pytest.mark.parametrize("text", [b"", TEXT, bytes(1000)])
def test_what_was_compressed_comes_back(text: bytes) -> None:
    assert SingleMemberGzip(1).decompress(SingleMemberGzip(1).compress(text), 1000) == text


def test_an_empty_message_needs_no_header() -> None:
    assert SingleMemberGzip(1).decompress(b"", 1000) == b""


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (gzip.compress(bytes(1001)), Code.RESOURCE_EXHAUSTED),
        (WHOLE[:-1], Code.INVALID_ARGUMENT),
        (WHOLE + WHOLE, Code.INVALID_ARGUMENT),
        (WHOLE + b"more", Code.INVALID_ARGUMENT),
        # 16 MiB of these take the library minutes.
        (gzip.compress(b"") * 100_000, Code.INVALID_ARGUMENT),
    ],
    # Named: what is compressed holds the second in which it was, which another worker does not share.
    ids=["too large", "cut", "twice", "more behind it", "many empty ones"],
)
def test_more_or_less_than_one_member_of_the_size_is_refused(data: bytes, code: Code) -> None:
    with pytest.raises(ConnectError) as raised:
        SingleMemberGzip(1).decompress(data, 1000)
    assert raised.value.code is code


def test_what_is_not_gzip_is_an_error() -> None:
    with pytest.raises(zlib.error):
        SingleMemberGzip(1).decompress(TEXT, 1000)
