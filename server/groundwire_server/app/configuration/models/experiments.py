"""Experiments, as far as a route has a say in them."""

from pydantic import Field

from groundwire_server.options import Options


class RouteExperimentsConfig(Options):
    """How a route takes part in experiments, which are begun at run time."""

    holdout_percent: float = Field(
        0.0,
        ge=0,
        le=50,
        description="Share of the route's end users, tenants or subjects that are kept out of all its experiments, in "
        "percent.",
    )
    by_subject: bool = Field(
        False,
        description="Whether an experiment may keep the arm by the subject of a call: its answers then depend on who "
        "asks.",
    )
