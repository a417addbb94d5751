"""Why a call is denied."""

from collections.abc import Mapping
from enum import StrEnum

from groundwire_server.domain.failure import Rejection
from groundwire_server.domain.vocabulary import Reason


class DenialReason(StrEnum):
    """The reason, for the security log; the caller learns the status alone."""

    NO_CREDENTIAL = "no_credential"
    SEVERAL_CREDENTIALS = "several_credentials"
    CREDENTIAL_NOT_ACCEPTED = "credential_not_accepted"
    IDENTITY_MALFORMED = "identity_malformed"
    TOKEN_MALFORMED = "token_malformed"  # noqa: S105  # words, no secrets
    TOKEN_ISSUER = "token_issuer"  # noqa: S105
    TOKEN_ALGORITHM = "token_algorithm"  # noqa: S105
    TOKEN_KEY_UNKNOWN = "token_key_unknown"  # noqa: S105
    TOKEN_SIGNATURE = "token_signature"  # noqa: S105
    TOKEN_AUDIENCE = "token_audience"  # noqa: S105
    TOKEN_EXPIRED = "token_expired"  # noqa: S105
    TOKEN_NOT_YET_VALID = "token_not_yet_valid"  # noqa: S105
    TOKEN_CLAIMS = "token_claims"  # noqa: S105
    API_KEY_MALFORMED = "api_key_malformed"
    API_KEY_UNKNOWN = "api_key_unknown"
    API_KEY_EXPIRED = "api_key_expired"
    API_KEY_REVOKED = "api_key_revoked"
    CALLBACK_SIGNATURE = "callback_signature"
    CERTIFICATE_NAMES = "certificate_names"
    TENANT_CONTRADICTED = "tenant_contradicted"
    TENANT_UNKNOWN = "tenant_unknown"
    ROLE_MISSING = "role_missing"
    TENANT_NOT_MANAGING = "tenant_not_managing"


_FORBIDDEN = frozenset(
    {
        DenialReason.TENANT_CONTRADICTED,
        DenialReason.TENANT_UNKNOWN,
        DenialReason.ROLE_MISSING,
        DenialReason.TENANT_NOT_MANAGING,
    }
)
"""The caller is known, but may not make the call; with every other reason it is not authenticated."""


class AccessDenied(Rejection):
    """A call is denied, which is a security event.

    Attributes:
        word: the reason.
        about: further facts for the security log, such as a key's id; never a credential.
    """

    def __init__(
        self, word: DenialReason, *, about: Mapping[str, str] | None = None, metadata: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(Reason.FORBIDDEN if word in _FORBIDDEN else Reason.UNAUTHENTICATED, metadata=metadata)
        self.word = word
        self.about = dict(about or {})
