"""Options of the endpoint at which ticketing systems decide reviews."""

from typing import Annotated, TypeAlias

from pydantic import Field

from groundwire_server.domain.caller import EVERYBODY, TENANT_PATTERN
from groundwire_server.options import Options
from groundwire_server.options.signing import SigningSecret

CallbackPrincipal: TypeAlias = Annotated[str, Field(min_length=1, max_length=256, pattern=f"^[^{EVERYBODY}]")]


class ReviewCallbackOptions(Options):
    """A ticketing system that decides reviews by signed calls of `/v1/reviews:callback` on the gateway."""

    secret: SigningSecret = Field(
        description="What its calls are signed with, a reference to whsec_ and 24 to 64 bytes in base64; of its own.",
        examples=["env://TICKETS_CALLBACK_SECRET"],
    )
    tenant: Annotated[str, Field(pattern=f"^{TENANT_PATTERN}$")] = Field(
        description="The tenant whose reviews it decides.", examples=["acme"]
    )
    subject_prefix: Annotated[str, Field(pattern="^[a-z][a-z0-9_-]{0,31}:$")] = Field(
        "tickets:", description="Stands before the name of the person who has decided, in the subject of the reviewer."
    )
    principals: tuple[CallbackPrincipal, ...] = Field(
        (),
        max_length=256,
        description="What its reviewers may see documents as, for the evidence that an edited text is checked against.",
        examples=[["staff"]],
    )
