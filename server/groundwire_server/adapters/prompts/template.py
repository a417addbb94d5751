"""One version of a prompt, compiled: blocks that are rendered in a sandbox, each by itself."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from itertools import islice
from types import MappingProxyType
from typing import Any, Final

from jinja2 import Environment, Template, TemplateSyntaxError, nodes

from groundwire_server.adapters.prompts.bounds import MOST_RENDERED
from groundwire_server.adapters.prompts.environment import FILTERS, environment
from groundwire_server.adapters.prompts.fences import MARK
from groundwire_server.adapters.prompts.front_matter import FrontMatter, SplitTemplate, UnusableTemplateError, split
from groundwire_server.adapters.prompts.shapes import BLOCKS
from groundwire_server.adapters.prompts.syntax import TemplateBody, parsed
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.fencing.hidden import without_hidden
from groundwire_server.domain.fencing.leak import PromptWords
from groundwire_server.domain.prompts.finding import PromptFinding
from groundwire_server.domain.prompts.registry import MOST_BYTES, PromptHeader, PromptVersion, digest_of
from groundwire_server.domain.prompts.variables import Variable
from groundwire_server.domain.vocabulary import Cause

ANSWER_FORM: Final = '{"confidence": "low" | "medium" | "high", "segments": [{"text": "...", "cites": ["p1"]}]}'
"""What `answer_form` prints: the form that the reader of answers expects, confidence first."""

MOST_WARNED: Final = 100
"""Lines with a character that is not seen of which a warning is made."""

_HIDES: Final = "holds a character that is not seen: remove it, so that all reads as it says"

_AT_ONCE: Final = 128
"""Pieces of a block after which its length is looked at: they are not copied before all are there."""

MOST_COMPILED: Final = 512
"""Versions that are kept compiled; those in use are few."""

MOST_HEADERS: Final = 10_000
"""Front matters that are kept: more than there are versions."""


@dataclass(frozen=True, slots=True)
class CompiledTemplate:
    """A version that can be rendered.

    Attributes:
        header: its front matter.
        declared: the variables of the header, by name.
        blocks: those of the template, and those built in that it leaves out.
        fingerprint: a hash of all that decides a prompt but what it is rendered of.
        bare: variables that only the operator may fill: they stand outside a fence, or are compared.
        words: its own, which no answer says again.
        warnings: what may be wrong with it.
    """

    header: FrontMatter
    declared: Mapping[str, Variable]
    blocks: Mapping[str, Template]
    fingerprint: str
    bare: frozenset[str]
    words: PromptWords
    warnings: tuple[PromptFinding, ...]

    def rendered(self, block: str, **values: Any) -> str:
        """Render a block, without white space around it.

        Raises:
            Failure: PROMPT_TOO_LONG, when it passes MOST_RENDERED.
        """
        template = self.blocks[block]
        stream = template.root_render_func(template.new_context(values))
        left = MOST_RENDERED
        pieces: list[str] = []
        while more := list(islice(stream, _AT_ONCE)):
            pieces += more
            left -= sum(map(len, more))
            if left < 0:
                raise Failure(Cause.PROMPT_TOO_LONG)
        return "".join(pieces).strip()


@dataclass(frozen=True, slots=True)
class _ReadTemplate:
    """A template that has been read, and not compiled."""

    split: SplitTemplate
    body: TemplateBody
    digest: str
    warnings: Sequence[tuple[int, str]]


class TemplateCompiler:
    """Compiles versions, each once; what a template leaves out comes from the one that is built in.

    It may be used from several threads at once, as its caches may: those of `functools` lock themselves. Two threads
    that need the same version at the same moment may both compile it, which changes nothing.

    Args:
        name: of the template that has the blocks that others leave out.
        version: of it.
        text: of it.
    """

    def __init__(self, name: str, version: str, text: str) -> None:
        self._environment = environment(FILTERS)
        self._usual = _read(self._environment, name, version, text)
        self._kept = lru_cache(maxsize=MOST_COMPILED)(self._compiled_now)
        self._headers = lru_cache(maxsize=MOST_HEADERS)(_header)

    def compiled(self, name: str, version: str, text: str) -> CompiledTemplate:
        """Return a version, compiled.

        Raises:
            UnusableTemplateError: with what keeps it from use, in the order of its lines.
        """
        return self._kept(name, version, text)

    def header(self, version: PromptVersion) -> PromptHeader:
        """Return what a version says of itself; nothing where its front matter cannot be used."""
        return self._headers(version.text)

    def _compiled_now(self, name: str, version: str, text: str) -> CompiledTemplate:
        return self._compile(_read(self._environment, name, version, text))

    def _compile(self, parts: _ReadTemplate) -> CompiledTemplate:
        """Compile what was read.

        Raises:
            UnusableTemplateError: when the sandbox refuses it.
        """
        lent = [name for name in BLOCKS if name not in parts.body.blocks]
        try:
            blocks = {name: _alone(self._environment, parts.body, name) for name in parts.body.blocks}
        except (TemplateSyntaxError, SyntaxError) as broken:
            raise UnusableTemplateError((PromptFinding(0, True, f"cannot be compiled: {broken}"),)) from None
        blocks |= {name: _alone(self._environment, self._usual.body, name) for name in lent}
        words = [each.data for each in _said(parts.body, parts.body.blocks)]
        words += [each.data for each in _said(self._usual.body, lent)]
        decides = [parts.digest, self._usual.digest if lent else "", ANSWER_FORM]
        return CompiledTemplate(
            parts.split.header,
            parts.split.header.declared,
            MappingProxyType(blocks),
            sha256(json.dumps(decides).encode()).hexdigest(),
            parts.body.bare,
            PromptWords(" ".join([*words, ANSWER_FORM])),
            tuple(PromptFinding(line, False, message) for line, message in parts.warnings),
        )


def _read(environment: Environment, name: str, version: str, text: str) -> _ReadTemplate:
    """Read a template and look at all of it.

    Raises:
        UnusableTemplateError: with what keeps it from use.
    """
    if len(text.encode(errors="surrogatepass")) > MOST_BYTES:
        raise UnusableTemplateError((PromptFinding(0, True, f"is larger than {MOST_BYTES // 1024} KiB: shorten it"),))
    parts = split(text)
    body = parsed(environment, parts.body, parts.header.declared, ANSWER_FORM)
    errors = [*body.errors]
    if not errors:
        errors += _unfit(body)
    if errors:
        raise UnusableTemplateError(
            tuple(PromptFinding(line + parts.offset if line else 0, True, message) for line, message in errors)
        )
    warnings = [(line + parts.offset if line else 0, message) for line, message in body.warnings]
    for variable in sorted(set(parts.header.variables) - body.used):
        line = parts.lines.get(("variables", variable), 0)
        warnings.append((line, f"`{variable}` is declared and never shown: show it, or take it out"))
    lines = enumerate(text.removeprefix("\ufeff").split("\n"), 1)
    hiding = (number for number, line in lines if without_hidden(line) != line)
    warnings += [(number, _HIDES) for number in islice(hiding, MOST_WARNED)]
    if not parts.header.description:
        warnings.append((1, "has no description: add `description: …` to the front matter"))
    if MARK not in re.sub(f"<[^<>]*{MARK}[^<>]*>", "", body.always["user"]):
        warnings.append((0, "never says its mark: show `Mark: {{ mark }}` in block `user`, so that tags can be told"))
    return _ReadTemplate(parts, body, digest_of(name, version, text), sorted(warnings))


def _header(text: str) -> PromptHeader:
    try:
        header = split(text).header
    except UnusableTemplateError:
        return PromptHeader()
    return PromptHeader(header.description, header.owner)


def _unfit(body: TemplateBody) -> Iterator[tuple[int, str]]:
    """Yield what a prompt of an answer lacks."""
    user = body.blocks["user"]
    if not any(_over_passages(loop) and _shows_text(loop) for loop in user.find_all(nodes.For)):
        yield user.lineno, "block `user` leaves no room for passages: loop over `passages` and show the text of each"
    if "question" not in {part.name for part in _parts(user) if isinstance(part, nodes.Name)}:
        yield user.lineno, "block `user` does not show `question`: put it behind a fence, at the end"
    form = body.always["system"] + body.always["user"]
    places = [form.find(f'"{key}"') for key in ("confidence", "segments", "text", "cites")]
    if -1 in places:
        yield 0, "does not say the form of the reply: show {{ answer_form }} in the block `system`, outside of branches"
    elif places != sorted(places):
        yield 0, "says another form of the reply than is read, which has confidence first: show {{ answer_form }}"


def _over_passages(loop: nodes.For) -> bool:
    return isinstance(loop.iter, nodes.Name) and loop.iter.name == "passages"


def _shows_text(loop: nodes.For) -> bool:
    """Return whether a loop over passages shows their text, by an attribute, or by its name once they are unpacked."""
    if isinstance(loop.target, nodes.Tuple):
        names = [each.name for each in loop.target.items if isinstance(each, nodes.Name)]
        return any(isinstance(part, nodes.Name) and part.name in names[-1:] for part in _parts(loop))
    # A macro may be given a passage as a whole.
    name = loop.target.name if isinstance(loop.target, nodes.Name) else ""
    return any(
        (isinstance(part, nodes.Getattr) and part.attr == "text")
        or (isinstance(part, nodes.Name) and part.name == name)
        for part in _parts(loop)
    )


def _parts(node: nodes.Node) -> Iterator[nodes.Node]:
    """Yield what a node shows, and what it gives to macros."""
    for output in node.find_all(nodes.Output):
        for part in output.nodes:
            yield part
            if isinstance(part, nodes.Call):
                yield from (*part.args, *(each.value for each in part.kwargs))


def _alone(environment: Environment, body: TemplateBody, name: str) -> Template:
    """Compile one block with the macros that it needs, so that it is rendered without the others."""
    block = body.blocks[name]
    needed: dict[str, nodes.Macro] = {}
    ahead: list[nodes.Node] = [block]
    while ahead:
        for called in ahead.pop().find_all(nodes.Call):
            if isinstance(called.node, nodes.Name) and called.node.name not in needed:
                needed[called.node.name] = body.macros[called.node.name]
                ahead.append(body.macros[called.node.name])
    # What was read stays as it is: compiling changes a tree. The sandbox that its nodes belong to is not copied.
    tree = deepcopy(nodes.Template([*needed.values(), *block.body], lineno=1), {id(environment): environment})
    tree.set_environment(environment)
    return environment.from_string(tree)


def _said(body: TemplateBody, names: Iterable[str]) -> Iterator[nodes.TemplateData]:
    """Yield the texts of blocks, and of all macros."""
    for node in (*(body.blocks[name] for name in names), *body.macros.values()):
        yield from node.find_all(nodes.TemplateData)
