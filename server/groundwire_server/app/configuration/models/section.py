"""What every section is."""

from typing import Annotated, Any, TypeAlias, get_origin

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Section(BaseModel):
    """A mapping of known keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True, hide_input_in_errors=True)

    @model_validator(mode="before")
    @classmethod
    def _empty_is_not_set(cls, values: Any) -> Any:
        """A key whose lines are all commented out holds nothing, and means what it would mean without it."""
        if not isinstance(values, dict):
            return values
        return {key: value for key, value in values.items() if value is not None or not cls._holds_keys(key)}

    @classmethod
    def _holds_keys(cls, key: object) -> bool:
        field = cls.model_fields.get(str(key))
        if field is None or field.is_required():
            return False
        annotation = field.annotation
        return get_origin(annotation) is dict or (isinstance(annotation, type) and issubclass(annotation, Section))


Name: TypeAlias = Annotated[str, Field(pattern="^[a-z][a-z0-9_-]{0,63}$")]
"""What is named in a configuration: lower-case letters, digits, `_` and `-`, beginning with a letter."""
