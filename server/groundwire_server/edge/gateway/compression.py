"""Compressed messages of the gateway."""

import zlib
from typing import Final

from connectrpc.code import Code
from connectrpc.compression.gzip import GzipCompression
from connectrpc.errors import ConnectError

from groundwire_server.edge.limits import RECEIVE_LIMIT

_WITH_GZIP_HEADER: Final = 31


class SingleMemberGzip(GzipCompression):
    """Gzip whose messages have one member, as all clients write them.

    The library reads any number of members, and copies the rest of the message after each: a message of empty members
    would hold the event loop for minutes.
    """

    def decompress(self, data: bytes | bytearray | memoryview, read_max_bytes: int | None = None) -> bytes:
        """Return the data of a message.

        Args:
            data: compressed; empty for an empty message.
            read_max_bytes: the largest message.

        Raises:
            ConnectError: when it is larger, incomplete or has more than one member.
            zlib.error: when it is not gzip.
        """
        if not data:
            return b""
        most = RECEIVE_LIMIT if read_max_bytes is None else read_max_bytes
        reading = zlib.decompressobj(wbits=_WITH_GZIP_HEADER)
        message = reading.decompress(data, most + 1)
        if len(message) > most:
            raise ConnectError(Code.RESOURCE_EXHAUSTED, f"message is larger than configured max {most}")
        if not reading.eof:
            raise ConnectError(Code.INVALID_ARGUMENT, "decompress: the compressed message is incomplete")
        if reading.unused_data:
            raise ConnectError(Code.INVALID_ARGUMENT, "decompress: send each message as one member of gzip")
        return message
