"""What `groundwire doctor` says of embedders of providers."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from groundwire_server.cli.connection import Connection
from groundwire_server.cli.doctor.local import local
from groundwire_server.cli.doctor.report import Finding, State

KEY = "sk-SECRET"


@contextmanager
def endpoint(status: int, body: str) -> Iterator[int]:
    """An embeddings endpoint; on a thread, for the doctor has its own loop."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._say(200, '{"data": [{"id": "other"}]}')

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self._say(status, body)

        def _say(self, status: int, body: str) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize(
    ("status", "body", "state", "says", "do"),
    [
        (200, '{"data": [{"embedding": [3, 4]}]}', State.OK, "gives vectors of 2 numbers", ""),
        (200, '{"data": [{"embedding": [3, 4, 5]}]}', State.FAIL, "another length than `dimensions` says", "shorten"),
        (200, "sk-SECRET", State.FAIL, "is no list of vectors", "base_url"),
        (401, "sk-SECRET", State.FAIL, "refuses the key, the model or the request", "correct them"),
        (200, '{"data": []}', State.FAIL, "more or fewer texts", "embedders.house"),
    ],
)
def test_a_word_is_embedded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, status: int, body: str, state: State, says: str, do: str
) -> None:
    monkeypatch.setenv("HOUSE_KEY", KEY)
    config = tmp_path / "c.yaml"
    with endpoint(status, body) as port:
        config.write_text(
            f"providers:\n  house: {{kind: openai, base_url: 'http://127.0.0.1:{port}/v1', api_key: 'env://HOUSE_KEY'}}\n"
            "embedders:\n  house: {kind: openai, provider: house, model: bge, dimensions: 2}\n"
            f"stores: {{main: {{folder: {tmp_path}, embedder: house}}}}\n"
        )
        found: dict[str, Finding] = {
            each.check: each for each in local(Connection("elsewhere.example.com:443"), config)
        }
    assert found["embedder"].state is state
    assert says in found["embedder"].says
    assert do in found["embedder"].do
    assert KEY not in f"{found}"
    assert "does not list bge" in found["provider"].says
