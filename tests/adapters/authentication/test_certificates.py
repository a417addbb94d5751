"""Which names of a certificate say who calls."""

import pytest

from groundwire_server.adapters.authentication.certificates import CertificateOptions, Certificates
from groundwire_server.domain.access_denied import AccessDenied, DenialReason
from groundwire_server.domain.caller import Caller, Role
from groundwire_server.domain.credentials import Credentials

SPIFFE = "spiffe://example.org/tenant/{tenant}/service/{subject}"
DNS = "{subject}.{tenant}.internal.example"


def presented(uris: tuple[str, ...] = (), dns_names: tuple[str, ...] = ()) -> Credentials:
    return Credentials(certificate=True, uris=uris, dns_names=dns_names)


@pytest.mark.parametrize(
    ("pattern", "uris", "dns_names", "tenant", "subject"),
    [
        (SPIFFE, ("spiffe://example.org/tenant/acme/service/search",), (), "acme", "search"),
        (SPIFFE, ("spiffe://example.org/tenant/acme/service/search.v2-x_y",), (), "acme", "search.v2-x_y"),
        (SPIFFE, ("https://other", "spiffe://example.org/tenant/a-c/service/s"), ("x.y",), "a-c", "s"),
        (DNS, (), ("search.acme.internal.example",), "acme", "search"),
        (DNS, (SPIFFE,), ("localhost", "search.acme.internal.example"), "acme", "search"),
    ],
)
async def test_the_one_matching_name_says_who_calls(
    pattern: str, uris: tuple[str, ...], dns_names: tuple[str, ...], tenant: str, subject: str
) -> None:
    roles, principals = frozenset({Role.WRITER}), frozenset({"machines"})
    certificates = Certificates(CertificateOptions(pattern=pattern, roles=roles, principals=principals))
    caller = await certificates.authenticate(presented(uris, dns_names))
    assert caller == Caller(tenant, subject, principals, roles)


@pytest.mark.parametrize(
    ("pattern", "uris", "dns_names"),
    [
        (SPIFFE, (), ()),
        (SPIFFE, (), ("spiffe://example.org/tenant/acme/service/search",)),
        (DNS, ("search.acme.internal.example",), ()),
        (SPIFFE, ("spiffe://example.org/tenant/acme/service/search/admin",), ()),
        (SPIFFE, ("spiffe://example.org/tenant/acme/service/",), ()),
        (SPIFFE, ("spiffe://example.org/tenant/acme/x/service/search",), ()),
        (SPIFFE, ("spiffe://example.org/tenant/ac.me/service/search",), ()),
        (SPIFFE, ("spiffe://example.org/tenant/acme/service/search\n",), ()),
        (SPIFFE, ("spiffe://example.org/tenant/acmé/service/search",), ()),
        (SPIFFE, ("spiffe://exampleXorg/tenant/acme/service/search",), ()),
        (SPIFFE, ("xspiffe://example.org/tenant/acme/service/search",), ()),
        (SPIFFE, (f"spiffe://example.org/tenant/{'a' * 65}/service/search",), ()),
        (SPIFFE, (f"spiffe://example.org/tenant/acme/service/{'a' * 129}",), ()),
        (DNS, (), ("*.acme.internal.example",)),
        (DNS, (), ("a.b.acme.internal.example",)),
        # Two names that say two things.
        (SPIFFE, ("spiffe://example.org/tenant/a/service/s", "spiffe://example.org/tenant/b/service/s"), ()),
    ],
)
async def test_any_other_name_says_nothing(pattern: str, uris: tuple[str, ...], dns_names: tuple[str, ...]) -> None:
    with pytest.raises(AccessDenied) as caught:
        await Certificates(CertificateOptions(pattern=pattern)).authenticate(presented(uris, dns_names))
    assert caught.value.word is DenialReason.CERTIFICATE_NAMES


@pytest.mark.parametrize(
    ("pattern", "says"),
    [
        ("spiffe://example.org/{subject}", "must hold {tenant} once"),
        ("spiffe://example.org/{tenant}", "must hold {subject} once"),
        ("{tenant}.{tenant}.{subject}", "must hold {tenant} once"),
        ("{tenant}{subject}.example", "must part"),
        ("{tenant}-{subject}.example", "must part"),
        ("{subject}x{tenant}.example", "must part"),
    ],
)
def test_a_pattern_that_could_be_read_in_two_ways_is_refused(pattern: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        CertificateOptions(pattern=pattern)
