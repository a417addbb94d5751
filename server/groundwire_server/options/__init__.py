"""The base of everything that can be configured."""

from pydantic import BaseModel, ConfigDict


class Options(BaseModel):
    """Options of one class, declared beside it and embedded in the configuration.

    Every field has a default or is required, its bounds, and a description with its unit; the class's docstring
    describes the section. The fields' names are the configuration's keys. What is constructed is checked, so a class
    that takes options need not check them again.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, allow_inf_nan=False)
