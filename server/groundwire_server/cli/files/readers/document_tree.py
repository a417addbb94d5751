"""Writing a document of docutils as Markdown."""

from collections.abc import Iterator

from docutils import nodes

from groundwire_server.markup import writing


def blocks(node: nodes.Node, level: int) -> Iterator[str]:
    """Yield the blocks of a node's children.

    Args:
        node: of which the children are.
        level: how many sections it is within.
    """
    for child in node.children:
        yield from _block(child, level)


def _block(node: nodes.Node, level: int) -> Iterator[str]:
    match node:
        case nodes.section():
            yield from blocks(node, level + 1)
        case nodes.bullet_list():
            yield writing.items(_nested(item, level) for item in node.children)
        case nodes.enumerated_list():
            yield writing.items((_nested(item, level) for item in node.children), start=node.get("start", 1))
        case nodes.definition_list() | nodes.field_list() | nodes.option_list():
            yield writing.items(_defined(item, level) for item in node.children)
        case nodes.table():
            yield from _table(node)
        case nodes.Admonition():
            yield from _admonition(node, level)
        case nodes.footnote() | nodes.citation():
            label, *others = [writing.joined(_block(child, level)) for child in node.children]
            yield f"[{label}] {writing.joined(others)}"
        case nodes.system_message():
            # What docutils could not read is kept as it was written.
            yield from (writing.code(each.astext()) for each in node.findall(nodes.literal_block))
        case nodes.Invisible() | nodes.Text():
            return
        case _:
            said = _leaf(node, level)
            yield from blocks(node, level) if said is None else (said,)


def _leaf(node: nodes.Node, level: int) -> str | None:
    """Return a block that has no others within; None for what has."""
    match node:
        case nodes.title() | nodes.subtitle() | nodes.rubric():
            return writing.heading(level + isinstance(node, nodes.rubric), _inline(node))
        case nodes.literal_block() | nodes.doctest_block() | nodes.math_block():
            return writing.code(node.astext(), _language(node))
        case nodes.line_block():
            return "\n".join(writing.prose(line.astext()) for line in node.findall(nodes.line))
        case nodes.image():
            return writing.prose(str(node.get("alt", "")))
        case nodes.paragraph() | nodes.label() | nodes.caption() | nodes.attribution() | nodes.term() | nodes.Inline():
            return writing.prose(_inline(node))
        case _:
            return None


def _nested(node: nodes.Node, level: int) -> str:
    return writing.joined(blocks(node, level + 1))


def _defined(item: nodes.Node, level: int) -> str:
    """Return an item of a definition, field or option list."""
    *terms, body = item.children
    said = ", ".join(writing.line(_inline(term)) for term in terms if not isinstance(term, nodes.classifier))
    bold = f"`{said}`" if isinstance(item, nodes.option_list_item) else f"**{said}**" if "`" not in said else said
    return writing.joined([f"{bold}: {_nested(body, level)}"])


def _admonition(node: nodes.Element, level: int) -> Iterator[str]:
    title = node.next_node(nodes.title)
    said = _inline(title) if title is not None and title.parent is node else type(node).__name__.capitalize()
    inner = [each for child in node.children if child is not title for each in _block(child, level)]
    yield f"**{said}:** {inner[0]}" if inner and not inner[0].startswith(("```", "- ", "|")) else f"**{said}:**"
    yield from inner if inner and inner[0].startswith(("```", "- ", "|")) else inner[1:]


def _table(node: nodes.Element) -> Iterator[str]:
    title = node.next_node(nodes.title)
    if title is not None and title.parent is node:
        yield f"{_inline(title)}:"
    rows = [list(_cells(row)) for row in node.findall(nodes.row)]
    if rows:
        yield writing.table(rows)


def _cells(row: nodes.Node) -> Iterator[str]:
    for entry in row.children:
        yield " ".join(blocks(entry, 0))
        yield from [""] * entry.get("morecols", 0)


def _inline(node: nodes.Node) -> str:
    """Return the text of a node with marks for what is within a paragraph."""
    if isinstance(node, nodes.Text):
        return str(node.astext())
    inner = "".join(map(_inline, node.children))
    match node:
        case nodes.literal() | nodes.math():
            return f"``{inner}``" if "`" in inner else f"`{inner}`"
        case nodes.strong():
            return f"**{inner}**"
        case nodes.emphasis():
            return f"*{inner}*"
        case nodes.reference() if str(node.get("refuri", inner)) not in {inner, f"mailto:{inner}"}:
            return f"[{inner}]({node['refuri']})"
        case nodes.footnote_reference():
            return f"[{inner}]"
        case nodes.image():
            return str(node.get("alt", ""))
        case nodes.target() | nodes.system_message() if not inner or isinstance(node, nodes.system_message):
            return ""
        case _:
            return inner


def _language(node: nodes.Element) -> str:
    if isinstance(node, nodes.doctest_block):
        return "pycon"
    if isinstance(node, nodes.math_block):
        return "math"
    return str(node.get("language") or next((each for each in node.get("classes", ()) if each != "code"), ""))
