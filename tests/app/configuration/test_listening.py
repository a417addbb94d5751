"""Where the server may listen."""

from itertools import product

import pytest

from groundwire_server.app.configuration.references import may_listen

HERE = ["127.0.0.1:50051", "127.1.2.3:0", "localhost:50051", "[::1]:50051"]
ABROAD = ["0.0.0.0:50051", "[::]:50051", "192.168.1.7:1", "example.com:443", ":50051", "127.example.com:1", "nonsense"]
ABROAD += ["[::ffff:0.0.0.0]:1", "localhost.evil.example:1", "unix:/run/groundwire.sock", "localhost,0.0.0.0:1", "0:1"]
# The port of these is a part of the address, or the host is none.
ABROAD += ["::1:5005", "::1:1", "[[::1]]:1", "[::1:1", "::1]:1", "[localhost]:1", "[127.0.0.1]:1"]


@pytest.mark.parametrize("address", HERE)
def test_on_this_machine_nothing_is_asked_for(address: str) -> None:
    assert may_listen(address, tls=False, authenticated=False, dangerous=False) is None


@pytest.mark.parametrize("address", ABROAD)
@pytest.mark.parametrize(("tls", "authenticated", "dangerous"), list(product([False, True], repeat=3)))
def test_beyond_it_needs_tls_and_authentication_or_the_one_setting(
    address: str, tls: bool, authenticated: bool, dangerous: bool
) -> None:
    refused = may_listen(address, tls=tls, authenticated=authenticated, dangerous=dangerous)
    assert (refused is None) == ((tls and authenticated) or dangerous)


@pytest.mark.parametrize(
    ("tls", "authenticated", "says"),
    [
        (False, False, "there is no TLS and no authentication"),
        (True, False, "there is no authentication"),
        (False, True, "there is no TLS"),
    ],
)
def test_the_sentence_says_what_is_missing_and_what_to_do(tls: bool, authenticated: bool, says: str) -> None:
    refused = may_listen("0.0.0.0:50051", tls=tls, authenticated=authenticated, dangerous=False)
    assert refused is not None
    assert says in refused
    assert "dangerously_listen_without_authentication" in refused
    assert "\n" not in refused
