"""The pages of the contract: services, messages, fields with their limits, enums; one page a .proto file."""

from collections.abc import Iterator, Mapping
from typing import Any

from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    EnumDescriptorProto,
    FieldDescriptorProto,
    MethodOptions,
    ServiceDescriptorProto,
)

from docs.site.generate import markdown
from docs.site.generate.protos import PACKAGE, Source, sources

# The numbers of the parts in the paths of descriptor.proto.
MESSAGES, ENUMS, SERVICES = 4, 5, 6
FIELDS, NESTED, NESTED_ENUMS, METHODS, VALUES, ONEOFS = 2, 3, 4, 2, 2, 8


_REPEATABLE: Mapping[int, str] = {
    MethodOptions.NO_SIDE_EFFECTS: "It changes nothing (`NO_SIDE_EFFECTS`).",
    MethodOptions.IDEMPOTENT: "It may be sent again (`IDEMPOTENT`).",
}


def pages() -> Mapping[str, str]:
    """Return every page by its name, including `index`."""
    return {"index": _index(), **{each.name: _page(each) for each in sources()}}


def _index() -> str:
    rows = [
        (
            f"[{service.name}.{method.name}]({each.name}.md#{(service.name + method.name).lower()})",
            _shape(method),
            _line(said),
        )
        for each in sources()
        for place, service in enumerate(each.file.service)
        for number, method in enumerate(service.method)
        for said in [each.comment(SERVICES, place, METHODS, number)]
    ]
    files = [
        (f"[{each.name}.proto]({each.name}.md)", ", ".join(map(markdown.code, _named(each)))) for each in sources()
    ]
    return markdown.page(
        "The contract",
        f"The Protobuf package `{PACKAGE}` in `protos/groundwire/v1`. The limits below are part of it: the server "
        "enforces them on every request and names every field that exceeds one. Reflection is on, so tools such as "
        "grpcurl need no files. [Calling from any language](../calling.md) says how to generate a client.",
        markdown.table(["RPC", "shape", "purpose"], rows),
        "## Files",
        markdown.table(["file", "contents"], files),
    )


def _named(each: Source) -> list[str]:
    file = each.file
    return [*(s.name for s in file.service), *(m.name for m in file.message_type), *(e.name for e in file.enum_type)]


def _page(each: Source) -> str:
    file = each.file
    return markdown.page(
        f"{each.name}.proto",
        *(part for n, service in enumerate(file.service) for part in _service(each, service, (SERVICES, n))),
        *(part for n, message in enumerate(file.message_type) for part in _message(each, message, (MESSAGES, n))),
        *(part for n, enum in enumerate(file.enum_type) for part in _enum(each, enum, (ENUMS, n))),
    )


def _service(each: Source, service: ServiceDescriptorProto, path: tuple[int, ...]) -> Iterator[str]:
    yield f"## {service.name}"
    yield _text(each.comment(*path))
    for number, method in enumerate(service.method):
        yield f"### {service.name}.{method.name}"
        takes, gives = _link(method.input_type), _link(method.output_type)
        yield f"{_shape(method)}: {takes} → {gives}"
        yield _text(each.comment(*path, METHODS, number))
        yield _REPEATABLE.get(method.options.idempotency_level, "")


def _message(each: Source, message: DescriptorProto, path: tuple[int, ...], within: str = "") -> Iterator[str]:
    if message.options.map_entry:
        return
    yield f"## {within}{message.name}"
    yield _text(each.comment(*path))
    rows = [
        (markdown.code(field.name), _type(message, field), _line(each.comment(*path, FIELDS, n)) + _limits(field))
        for n, field in enumerate(message.field)
    ]
    yield markdown.table(["field", "type", "meaning"], rows) if rows else "It has no fields."
    yield from (f"Rule: {markdown.prose(rule.message)} (`{rule.id}`)." for rule in _message_rules(message))
    for n, choice in enumerate(message.oneof_decl):
        members = [field.name for field in message.field if field.HasField("oneof_index") and field.oneof_index == n]
        if said := each.comment(*path, ONEOFS, n):
            yield f"One of {', '.join(map(markdown.code, members))} (`{choice.name}`): {_line(said)}"
    for n, nested in enumerate(message.nested_type):
        yield from _message(each, nested, (*path, NESTED, n), f"{within}{message.name}.")
    for n, enum in enumerate(message.enum_type):
        yield from _enum(each, enum, (*path, NESTED_ENUMS, n), f"{within}{message.name}.")


def _enum(each: Source, enum: EnumDescriptorProto, path: tuple[int, ...], within: str = "") -> Iterator[str]:
    yield f"## {within}{enum.name}"
    yield _text(each.comment(*path))
    rows = [
        (str(value.number), markdown.code(value.name), _meaning(each.comment(*path, VALUES, n)))
        for n, value in enumerate(enum.value)
    ]
    yield markdown.table(["number", "value", "meaning"], rows)


def _shape(method: Any) -> str:
    match method.client_streaming, method.server_streaming:
        case False, False:
            return "one → one"
        case False, True:
            return "one → stream"
        case _:
            return "stream → stream"


def _type(message: DescriptorProto, field: FieldDescriptorProto) -> str:
    entry = next(
        (each for each in message.nested_type if field.type_name.endswith(f".{message.name}.{each.name}")), None
    )
    if entry is not None and entry.options.map_entry:
        key, value = entry.field
        return f"map of {_plain(key)} to {_plain(value)}"
    if field.label == FieldDescriptorProto.LABEL_REPEATED:
        return f"repeated {_plain(field)}"
    return f"optional {_plain(field)}" if field.proto3_optional else _plain(field)


def _plain(field: FieldDescriptorProto) -> str:
    if field.type_name:
        return _link(field.type_name)
    return FieldDescriptorProto.Type.Name(field.type).removeprefix("TYPE_").lower()


def _link(type_name: str) -> str:
    """Return the type's name, with a link if it is one of ours."""
    name = type_name.removeprefix(f".{PACKAGE}.")
    for each in sources():
        if name.split(".")[0] in _named(each):
            return f"[{name}]({each.name}.md#{name.replace('.', '').lower()})"
    return markdown.code(type_name.removeprefix("."))


def _message_rules(message: DescriptorProto) -> Iterator[Any]:
    """Yield the rules between a message's fields."""
    for extension, value in message.options.ListFields():
        if extension.full_name == "buf.validate.message":
            yield from value.cel


def _limits(field: FieldDescriptorProto) -> str:
    """Yield the field's rules, by protovalidate's names."""
    rules = [
        rule
        for extension, value in field.options.ListFields()
        if extension.full_name == "buf.validate.field"
        for rule in _rules(value)
    ]
    return f"<br>{', '.join(map(markdown.code, rules))}" if rules else ""


def _rules(value: Any, prefix: str = "") -> Iterator[str]:
    for field, inner in value.ListFields():
        name = f"{prefix}{field.name}"
        if field.name == "cel":
            yield from (rule.id for rule in inner)
        elif field.full_name.startswith("buf.validate.") and field.message_type is not None:
            if field.message_type.full_name.startswith("google."):
                yield f"{name}: {inner.ToJsonString()}"
            else:
                yield from _rules(inner, f"{name}.")
        else:
            shown = list(inner) if field.is_repeated else inner
            yield f"{name}: {str(shown).lower() if isinstance(shown, bool) else shown}"


def _meaning(comment: str) -> str:
    """Return an enum value's comment without the value's name."""
    _, colon, meaning = comment.partition(": ")
    return _line(meaning if colon else comment)


def _text(comment: str) -> str:
    return "\n\n".join(_line(part) for part in comment.split("\n\n"))


def _line(comment: str) -> str:
    return markdown.prose(" ".join(comment.partition("\n\n")[0].split()))
