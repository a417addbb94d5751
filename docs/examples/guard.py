"""A guard behind HTTP: any function that finds things in a text, in the contract `groundwire.guard/1`."""

import hmac
import json
from collections.abc import Callable, Iterable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, TypeAlias

CONTRACT = "groundwire.guard/1"
_MOST_BYTES = 8 << 20

Scan: TypeAlias = Callable[[str, str], Iterable[Mapping[str, Any]]]
"""Takes a text and its screen, QUESTION, EVIDENCE or ANSWER, and yields findings: `category`, and where they are known
`start` and `end` in code points, `score` and `rule`."""


def guard_server(scan: Scan, host: str = "127.0.0.1", port: int = 8765, key: str = "") -> ThreadingHTTPServer:
    """Return a server whose `serve_forever` puts a scanner behind the contract.

    Args:
        scan: looks at one text; it is called from several threads.
        host: the name or address to listen on.
        port: 0 takes a free one.
        key: the bearer token that requests must carry; empty takes all requests.
    """

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 60
        # Otherwise the body of a reply waits for the acknowledgement of its head, some 40 ms.
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            size = self.headers.get("Content-Length", "")
            if not size.isdecimal() or int(size) > _MOST_BYTES:
                self.close_connection = True
                return self._say(413, {"error": f"send at most {_MOST_BYTES} bytes, with their length"})
            body = self.rfile.read(int(size))
            if (
                not hmac.compare_digest(self.headers.get("Authorization", "").encode(), f"Bearer {key}".encode())
                and key
            ):
                return self._say(401, {"error": "the key is missing or wrong"})
            try:
                asked = json.loads(body)
                screen, texts = str(asked["screen"]), [str(text) for text in asked["texts"]]
            except (ValueError, TypeError, LookupError):
                return self._say(400, {"error": f"send the JSON of {CONTRACT}"})
            if asked.get("contract") != CONTRACT:
                return self._say(400, {"error": f"this guard speaks {CONTRACT}"})
            # A scanner that fails ends the connection: groundwire then does what the route has for that.
            return self._say(200, {"results": [{"findings": [*scan(text, screen)]} for text in texts]})

        def _say(self, status: int, document: Mapping[str, Any]) -> None:
            body = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Write no line for a request."""

    return ThreadingHTTPServer((host, port), Handler)
