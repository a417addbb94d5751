"""The credentials of a call and its connection, read from gRPC."""

import ipaddress
from collections.abc import Iterable, Mapping

from groundwire_server.domain.access_denied import AccessDenied, DenialReason
from groundwire_server.domain.credentials import Credentials

AUTHORIZATION_KEY = "authorization"
API_KEY_KEY = "groundwire-api-key"
TENANT_KEY = "groundwire-tenant"
SUBJECT_KEY = "groundwire-subject"
PRINCIPALS_KEY = "groundwire-principals"


def credentials_of(metadata: Mapping[str, str], auth_context: Mapping[str, Iterable[bytes]]) -> Credentials:
    """Return the credentials.

    Args:
        metadata: of the call; the values of a repeated key are joined with commas.
        auth_context: of the connection, from gRPC.

    Raises:
        AccessDenied: when one kind of credential is presented twice.
    """
    # Neither tokens nor keys contain a comma: it joins two of them.
    authorization, api_key = metadata.get(AUTHORIZATION_KEY, ""), metadata.get(API_KEY_KEY, "")
    if "," in authorization or "," in api_key:
        raise AccessDenied(DenialReason.SEVERAL_CREDENTIALS)
    return Credentials(
        authorization=authorization,
        api_key=api_key,
        certificate="x509_pem_cert" in auth_context,
        uris=_names(auth_context.get("peer_uri", ())),
        dns_names=_names(auth_context.get("peer_dns", ())),
        tenant=metadata.get(TENANT_KEY, ""),
        subject=metadata.get(SUBJECT_KEY, "anonymous"),
        principals=metadata.get(PRINCIPALS_KEY, ""),
    )


def peer_of(peer: str) -> str:
    """Return the address in gRPC's `peer` without its port, which may differ from call to call."""
    kind, _, rest = peer.partition(":")
    if kind not in {"ipv4", "ipv6"}:
        return kind
    return rest.rpartition(":")[0].replace("%5B", "").replace("%5D", "").strip("[]")


def network_of(peer: str) -> str:
    """Return an IPv6 address's /64, since a peer can use any address of it; other addresses as they are."""
    if ":" not in peer:
        return peer
    try:
        address = ipaddress.IPv6Address(peer.partition("%")[0])
    except ValueError:
        return peer
    if address.ipv4_mapped is not None or address.is_loopback:
        return peer
    return str(ipaddress.IPv6Network((int(address), 64), strict=False))


def _names(values: Iterable[bytes]) -> tuple[str, ...]:
    return tuple(value.decode("ascii", "backslashreplace") for value in values)
