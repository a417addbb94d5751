"""The JSON schema of the file."""

from typing import Any

from groundwire_server.app.configuration.models.configuration import Configuration


def schema_of_the_file() -> dict[str, Any]:
    """What editors check and complete the file by."""
    schema = Configuration.model_json_schema()
    # What is built in stands in for the sections that the model alone would ask for.
    del schema["required"]
    for section in (schema, *schema["$defs"].values()):
        properties = section.get("properties", {})
        for name in set(properties) - set(section.get("required", ())):
            properties[name] = _may_be_empty(properties[name])
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "groundwire.yaml"}


def _may_be_empty(field: dict[str, Any]) -> dict[str, Any]:
    """A section whose lines are all comments is read as one that is left out."""
    described: dict[str, Any] = {key: field[key] for key in ("title", "description", "default") if key in field}
    meant = {key: value for key, value in field.items() if key not in described}
    if "$ref" not in meant and meant.get("type") != "object":
        return field
    return {**described, "anyOf": [meant, {"type": "null"}]}
