"""The user that a database knows the server by."""

from pydantic import Field

from groundwire_server.options import Options
from groundwire_server.options.secret import Secret


class LoginOptions(Options):
    """A user of a database and its password."""

    username: str | None = Field(None, description="User name; the default user if unset.", examples=["groundwire"])
    password: Secret | None = Field(
        None, description="Password, a reference: env://NAME or file:///PATH.", examples=["env://DATABASE_PASSWORD"]
    )
