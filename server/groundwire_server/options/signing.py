"""The secrets that webhooks are signed with."""

import base64
import binascii
from typing import Annotated, Final, TypeAlias

from pydantic import AfterValidator

from groundwire_server.options.secret import Secret

_PREFIX: Final = "whsec_"
_KEY_BYTES: Final = range(24, 65)


def signing_key(secret: Secret) -> bytes:
    """Return the key of a secret.

    Raises:
        ValueError: when it is none; the message holds no part of it.
    """
    try:
        key = base64.b64decode(secret.reveal().removeprefix(_PREFIX), validate=True)
    except binascii.Error:
        key = b""
    if not secret.reveal().startswith(_PREFIX) or len(key) not in _KEY_BYTES:
        raise ValueError(f"{secret.reference} must hold {_PREFIX} and 24 to 64 bytes in base64")
    return key


def _checked(secret: Secret) -> Secret:
    signing_key(secret)
    return secret


SigningSecret: TypeAlias = Annotated[Secret, AfterValidator(_checked)]
"""A reference to whsec_ and 24 to 64 bytes in base64."""
