"""The port that workers share, and that another server cannot have."""

import errno
import socket
from contextlib import ExitStack

import pytest

from groundwire_server.app.workers.port import held_port


def _listening(address: str, *, shared: bool) -> socket.socket:
    host, _, port = address.rpartition(":")
    with ExitStack() as closing:
        sharing = closing.enter_context(socket.socket())
        if shared:
            sharing.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        sharing.bind((host, int(port)))
        sharing.listen()
        closing.pop_all()
    return sharing


def test_workers_may_listen_where_the_port_is_held_and_others_may_not() -> None:
    with held_port("127.0.0.1:0") as address:
        assert not address.endswith(":0")
        with _listening(address, shared=True), _listening(address, shared=True):
            with pytest.raises(OSError, match="in use"):
                _listening(address, shared=False)
            with pytest.raises(OSError, match="is another server using it") as refused, held_port(address):
                pass
            assert refused.value.errno == errno.EADDRINUSE
    with held_port(address) as again:
        assert again == address


def test_a_port_that_another_server_has_is_refused() -> None:
    with _listening("127.0.0.1:0", shared=True) as other:
        address = f"127.0.0.1:{other.getsockname()[1]}"
        with pytest.raises(OSError, match=f"cannot listen on {address}"), held_port(address):
            pass


@pytest.mark.parametrize("address", ["localhost:0", "[::1]:0", "0.0.0.0:0"])
def test_a_name_stands_for_all_of_its_addresses(address: str) -> None:
    if address.startswith("[") and not socket.has_ipv6:
        pytest.skip("no IPv6")
    with held_port(address) as held:
        host, _, port = held.rpartition(":")
        assert host == address.rpartition(":")[0]
        assert int(port)
