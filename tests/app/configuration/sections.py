"""Walking the sections of a configuration, for tests that hold something of every one."""

from groundwire_server.app.configuration import schema_walk
from groundwire_server.options import Options


def sections_of(section: type[Options]) -> list[type[Options]]:
    """The section and all within it, each once."""
    found = [section]
    for field in section.model_fields.values():
        inner = [field.annotation, *schema_walk.below(field.annotation, 0)]
        for each in (each for annotation in inner for each in schema_walk.sections(annotation)):
            assert issubclass(each, Options)
            found += [one for one in sections_of(each) if one not in found]
    return list(dict.fromkeys(found))
