import pytest
from pydantic import ValidationError

from groundwire_server.app.settings import Settings


@pytest.mark.parametrize("address", ["127.0.0.1:50051", "127.1.2.3:0", "localhost:50051", "[::1]:50051"])
def test_listens_on_loopback(address: str) -> None:
    assert Settings(listen=address).listen == address


@pytest.mark.parametrize("address", ["0.0.0.0:50051", "[::]:50051", "192.168.1.7:50051", "example.com:50051", ":50051"])
def test_refuses_to_listen_on_anything_else(address: str) -> None:
    with pytest.raises(ValidationError, match="loopback"):
        Settings(listen=address)


@pytest.mark.parametrize("address", ["127.0.0.1", "localhost:http", "", "127.0.0.1:65536", "127.0.0.1:５００５１"])
def test_refuses_what_is_no_address(address: str) -> None:
    with pytest.raises(ValidationError, match="HOST:PORT"):
        Settings(listen=address)


def test_reads_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GROUNDWIRE_LISTEN", "127.0.0.1:7")
    monkeypatch.setenv("GROUNDWIRE_LOCAL_EMBEDDER", "false")
    settings = Settings()
    assert (settings.listen, settings.local_embedder) == ("127.0.0.1:7", False)
