"""Options that several commands take."""

from typing import Annotated, TypeAlias

import typer

DEFAULT_SERVER = "127.0.0.1:50051"
DEFAULT_TENANT = "local"

Server: TypeAlias = Annotated[
    str, typer.Option(envvar="GROUNDWIRE_SERVER", metavar="HOST:PORT", help="Address of the server.")
]
Tenant: TypeAlias = Annotated[
    str, typer.Option(envvar="GROUNDWIRE_TENANT", metavar="NAME", help="Whose documents it is about.")
]
