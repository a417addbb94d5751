"""reStructuredText, through docutils; directives and roles that it does not know, such as Sphinx's, keep their text."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, Final

from docutils import nodes
from docutils.core import publish_doctree
from docutils.parsers.rst import Directive, directives, roles
from docutils.statemachine import StringList

from groundwire_server.cli.files.readers.document_tree import blocks
from groundwire_server.cli.files.readers.encoding import decoded
from groundwire_server.cli.files.readers.markdown import first_heading
from groundwire_server.cli.files.readers.port import FileContents
from groundwire_server.markup import writing

_DIRECTIVE: Final = re.compile(r"^\s*\.\.\s+(?:\|[^|\n]+\|\s+)?([\w][\w:.+-]*?)\s?::(?:\s|$)", re.MULTILINE)
_ROLE: Final = re.compile(r"(?:^|[^\w`]):([A-Za-z][\w:.+-]*):`|`:([A-Za-z][\w:.+-]*):(?:\W|$)", re.MULTILINE)
_EXPLICIT: Final = re.compile(r"(.+?)\s*<([^<>]*)>\Z", re.DOTALL)
_PLAIN_ROLES: Final = frozenset(
    {"ref", "doc", "term", "numref", "any", "abbr", "guilabel", "menuselection", "issue", "pr"}
)
_CODE: Final = frozenset({"code-block", "sourcecode", "code", "prompt", "ipython", "console", "highlight-code"})
_WITHOUT_TEXT: Final = frozenset(
    "toctree index contents sectnum meta raw include literalinclude highlight currentmodule module tabularcolumns"
    " automodule autoclass autofunction autosummary plot graphviz mermaid".split()
)
_CONTENT_ALONE: Final = frozenset({"only", "ifconfig", "container", "tabs", "tab-set", "grid", "hlist", "centered"})
_VERSIONS: Final = {
    "versionadded": "Added in version",
    "versionchanged": "Changed in version",
    "deprecated": "Deprecated since version",
    "versionremoved": "Removed in version",
}
_ADMONITIONS: Final = {"seealso": "See also", "todo": "To do"}
_SETTINGS: Final = {
    "_disable_config": True,
    "doctitle_xform": False,
    "docinfo_xform": False,
    "file_insertion_enabled": False,
    "halt_level": 5,
    "line_length_limit": 1_000_000,
    "raw_enabled": False,
    "report_level": 5,
    "syntax_highlight": "none",
    "warning_stream": False,
}


def read(content: bytes, name: str) -> FileContents:
    """Read reStructuredText as Markdown: no other file is included, and nothing raw."""
    del name
    source, warnings = decoded(content)
    _register(source)
    tree = publish_doctree(source, settings_overrides=_SETTINGS)
    text = writing.joined(blocks(tree, 0)) + "\n"
    return FileContents(text, title=first_heading(text), warnings=warnings)


def _register(source: str) -> None:
    """Make docutils know every directive and role of a text."""
    for name in {found[1].lower() for found in _DIRECTIVE.finditer(source)}:
        if name in _CODE or name in _VERSIONS or name in _WITHOUT_TEXT or not _knows_directive(name):
            directives.register_directive(name, _Kept)
    for name in {(found[1] or found[2]).lower() for found in _ROLE.finditer(source)}:
        if not _knows_role(name):
            roles.register_local_role(name, _kept_role)


def _knows_directive(name: str) -> bool:
    from docutils.parsers.rst.languages import en  # noqa: PLC0415

    return name in en.directives


def _knows_role(name: str) -> bool:
    from docutils.parsers.rst.languages import en  # noqa: PLC0415

    return name in en.roles


class _AnyOption(dict[str, Callable[[str | None], str]]):
    """Takes every option of a directive, whatever its name."""

    def __missing__(self, key: str) -> Callable[[str | None], str]:
        return lambda value: value or ""

    def __bool__(self) -> bool:
        return True


class _Kept(Directive):  # type: ignore[misc]  # docutils has no types
    """A directive whose argument becomes a heading, or code's language, and whose content stays."""

    optional_arguments = 1
    final_argument_whitespace = True
    has_content = True
    option_spec: ClassVar[Any] = _AnyOption()
    content: Any

    def run(self) -> Sequence[nodes.Node]:
        """Return what takes the directive's place."""
        name = self.name.lower()
        argument = writing.line(self.arguments[0]) if self.arguments else ""
        if name in _WITHOUT_TEXT:
            return []
        if name in _CODE:
            text = "\n".join(self.content)
            return [nodes.literal_block(text, text, language=argument.partition(" ")[0])] if text.strip() else []
        if name in _VERSIONS:
            return self._version(_VERSIONS[name], argument)
        if name in _ADMONITIONS:
            said = [argument, "", *self.content] if argument else list(self.content)
            self.content = StringList(said, "")
            holder: nodes.Element = nodes.admonition()
            holder += nodes.title(_ADMONITIONS[name], _ADMONITIONS[name])
            argument = ""
        else:
            holder = nodes.container()
        if argument and name not in _CONTENT_ALONE:
            holder = nodes.section()
            inline, _ = self.state.inline_text(argument, self.lineno)
            holder += nodes.title(argument, "", *inline)
        self.state.nested_parse(self.content, self.content_offset, holder)
        return [holder]

    def _version(self, said: str, argument: str) -> Sequence[nodes.Node]:
        version, _, rest = argument.partition(" ")
        paragraph = nodes.paragraph()
        paragraph += nodes.Text(f"{said} {version}" + (": " if rest else "."))
        if rest:
            inline, _ = self.state.inline_text(rest, self.lineno)
            paragraph += inline
        holder = nodes.container()
        holder += paragraph
        self.state.nested_parse(self.content, self.content_offset, holder)
        return [holder]


def _kept_role(
    name: str,
    rawtext: str,
    text: str,
    lineno: int,
    inliner: object,
    options: Mapping[str, Any] | None = None,
    content: Sequence[str] = (),
) -> tuple[list[nodes.Node], list[nodes.Node]]:
    """Return a role's text: as code, unless it is a reference to other text."""
    del rawtext, lineno, inliner, options, content
    explicit = _EXPLICIT.match(text)
    shown = explicit[1] if explicit else text.lstrip("!")
    if shown.startswith("~"):
        shown = shown[1:].rpartition(".")[2]
    plain = explicit is not None or name.rpartition(":")[2].lower() in _PLAIN_ROLES
    return [nodes.inline(shown, shown) if plain else nodes.literal(shown, shown)], []
