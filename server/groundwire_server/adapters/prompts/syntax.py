"""What a template may say, told from its syntax tree: no more than loops over what it is given, and branches.

So no template can read what it should not, take time or memory without bound, or show text of others as instructions.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from itertools import islice
from typing import Final

from jinja2 import Environment, TemplateSyntaxError, nodes

from groundwire_server.adapters.prompts.bounds import MOST_ERRORS, MOST_RENDERED, out_of_bounds
from groundwire_server.adapters.prompts.expressions import Expressions
from groundwire_server.adapters.prompts.fences import MARK, SIGNS, FenceState, OutputRow
from groundwire_server.adapters.prompts.shapes import BLOCKS, LOOP, OF_ALL, Shape, Whose, declared
from groundwire_server.domain.prompts.variables import Variable

REQUIRED: Final = ("system", "user")

_DEPTH: Final = 16
"""Branches, loops and macros within each other."""

_MOST_WORK: Final = 40_000
"""Values, stretches of text and statements that a rendered block may have, where every list is as long as it can be."""

Messages = list[tuple[int, str]]


@dataclass(frozen=True, slots=True)
class TemplateBody:
    """The body of a template, taken apart.

    Attributes:
        blocks: by name.
        macros: by name, in their order.
        errors: lines with what keeps it from use.
        warnings: lines with what may be wrong.
        used: variables of the front matter that it shows or looks at.
        bare: those of them that stand outside a fence, or are compared: only the operator may fill them.
        always: the text that each block has whatever it is rendered of.
    """

    blocks: Mapping[str, nodes.Block]
    macros: Mapping[str, nodes.Macro]
    errors: Sequence[tuple[int, str]] = ()
    warnings: Sequence[tuple[int, str]] = ()
    used: frozenset[str] = frozenset()
    bare: frozenset[str] = frozenset()
    always: Mapping[str, str] = field(default_factory=dict)


def parsed(environment: Environment, text: str, variables: Mapping[str, Variable], form: str) -> TemplateBody:
    """Take a body apart and look at all of it.

    Args:
        environment: of the sandbox.
        text: the template without its front matter.
        variables: of the front matter.
        form: what `answer_form` prints.
    """
    if sign := next((each for each in SIGNS + "\0" if each in text), ""):
        line = text.count("\n", 0, text.index(sign)) + 1
        return TemplateBody({}, {}, [(line, "holds a character that no text has: remove it")])
    try:
        tree = environment.parse(text)
    except TemplateSyntaxError as broken:
        return TemplateBody({}, {}, [(broken.lineno, f"this is not a template: {broken.message}")])
    except (RecursionError, ValueError):  # of expressions within each other, and of numbers of thousands of digits
        return TemplateBody({}, {}, [(0, "is nested too deep, or has a number that is too long")])
    errors: Messages = list(islice(out_of_bounds(tree), MOST_ERRORS))
    if errors:
        return TemplateBody({}, {}, sorted(set(errors)))
    blocks, macros = _parts(tree, errors)
    for name, macro in macros.items():
        if name in variables or name == LOOP.name or any(name in of for of in (OF_ALL, *BLOCKS.values())):
            errors.append((macro.lineno, f"macro `{name}` has the name of a variable: choose another"))
        if taken := next((each.name for each in macro.args if each.name in macros), ""):
            errors.append((macro.lineno, f"`{taken}` of macro `{name}` has the name of a macro: choose another"))
    if circle := _circle(macros):
        errors.append((macros[circle].lineno, f"macro `{circle}` calls itself, or another that calls it: write it out"))
        return TemplateBody(blocks, {}, errors)
    reading = _Reading(macros, variables, form, errors)
    for name in blocks:
        reading.block(name, blocks[name])
    return TemplateBody(
        blocks,
        macros,
        sorted(set(errors)),
        sorted(set(reading.warnings)),
        frozenset(reading.used),
        frozenset(reading.bare),
        reading.always,
    )


def _parts(tree: nodes.Template, errors: Messages) -> tuple[dict[str, nodes.Block], dict[str, nodes.Macro]]:
    """Return the blocks and macros; they are all that a body may have at its top."""
    blocks: dict[str, nodes.Block] = {}
    macros: dict[str, nodes.Macro] = {}
    for node in tree.body:
        match node:
            case nodes.Block() if node.name not in BLOCKS:
                known = ", ".join(BLOCKS)
                errors.append((node.lineno, f"there is no block `{node.name}`; there are: {known}"))
            case nodes.Block():
                blocks[node.name] = node
            case nodes.Macro() if node.name in macros:
                errors.append(
                    (node.lineno, f"macro `{node.name}` is there already, in line {macros[node.name].lineno}")
                )
            case nodes.Macro():
                macros[node.name] = node
            case nodes.Output():
                for each in node.nodes:
                    if not (isinstance(each, nodes.TemplateData) and not each.data.strip()):
                        errors.append((each.lineno, "stands outside of the blocks, so that no prompt has it: move it"))
            case _:
                errors.append((node.lineno, _refused(node, "at the top, where blocks and macros stand")))
    for name in REQUIRED:
        if name not in blocks:
            errors.append((0, f"has no block `{name}`: write {{% block {name} %}} … {{% endblock %}}"))
    return blocks, macros


def _circle(macros: Mapping[str, nodes.Macro]) -> str:
    """Return the name of a macro that calls itself, directly or by way of others; empty where none does."""
    calls = {
        name: {call.node.name for call in macro.find_all(nodes.Call) if isinstance(call.node, nodes.Name)}
        for name, macro in macros.items()
    }
    try:
        # It looks at each call once, however long the chains are.
        TopologicalSorter(calls).prepare()
    except CycleError as circle:
        return next(name for name in macros if name in circle.args[1])
    return ""


class _Reading:
    """Reads blocks, with the macros that they call, as the row of what they put out."""

    def __init__(
        self, macros: Mapping[str, nodes.Macro], variables: Mapping[str, Variable], form: str, errors: Messages
    ) -> None:
        self.warnings: Messages = []
        self.bare: set[str] = set()
        self.used: set[str] = set()
        self.always: dict[str, str] = {}
        self._declared = {name: declared(variable) for name, variable in variables.items()}
        self._macros = macros
        self._form = form
        self._errors = errors
        self._expressions = Expressions(self._wrong, self.bare, self.used)
        self._stretch = OutputRow(self._wrong)
        self._block = ""
        self._work = 0
        self._length = 0

    def block(self, name: str, node: nodes.Block) -> None:
        """Read a block."""
        self._block, self._work, self._length = name, 0, 0
        self.always[name] = ""
        scope = {**OF_ALL, **BLOCKS[name], **self._declared}
        if name == "system":
            self._system(node)
        state = self._rows(node.body, scope, FenceState(), 1, 0)
        state = self._end(state)
        if state.tags:
            self._wrong(node.lineno, f"block `{name}` leaves the fence <{state.tags[-1]}-…> open: close it")
        if self._work > _MOST_WORK:
            self._wrong(node.lineno, f"block `{name}` has loops within loops that may be too long: take one out")
        if self._length > MOST_RENDERED:
            self._wrong(node.lineno, f"block `{name}` may put out more than {MOST_RENDERED} characters: shorten it")
        self.bare |= self._stretch.bare

    def _wrong(self, line: int, message: str) -> None:
        self._errors.append((line, message))

    @property
    def _stopped(self) -> bool:
        """Whether what is read further changes nothing."""
        return self._work > _MOST_WORK or self._length > MOST_RENDERED or len(self._errors) > MOST_ERRORS

    def _end(self, state: FenceState) -> FenceState:
        return self._stretch.read(state)

    def _rows(
        self, body: Sequence[nodes.Node], scope: dict[str, Shape], state: FenceState, times: int, depth: int
    ) -> FenceState:
        """Return the state after a row of nodes.

        Args:
            body: the nodes.
            scope: the variables; what the row sets is added.
            state: before it.
            times: how often it is put out at most; 0 where it has been counted.
            depth: of what surrounds it.
        """
        if depth > _DEPTH:
            self._wrong(body[0].lineno if body else 0, f"is nested over {_DEPTH} levels deep")
            return state
        for node in body:
            if self._stopped:
                return state
            self._work += times
            match node:
                case nodes.Output():
                    for each in node.nodes:
                        state = self._put(each, scope, state, times, depth)
                case nodes.If():
                    state = self._branch(node, scope, state, times, depth)
                case nodes.For():
                    state = self._loop(node, scope, state, times, depth)
                case nodes.Assign(target=nodes.Name() as target):
                    shape = self._expressions.read(node.node, scope)
                    if target.name in scope or target.name in self._macros:
                        self._wrong(node.lineno, f"`{target.name}` is there already: choose another name")
                    scope[target.name] = shape
                case _:
                    self._wrong(node.lineno, _refused(node, "in a block"))
        return state

    def _put(
        self, node: nodes.Node, scope: Mapping[str, Shape], state: FenceState, times: int, depth: int
    ) -> FenceState:
        self._work += times
        if isinstance(node, nodes.TemplateData | nodes.Const):
            text = node.data if isinstance(node, nodes.TemplateData) else str(node.value)
            self._stretch.put(text, node.lineno)
            self._length += times * len(text)
            if not depth:
                self.always[self._block] += text
            return state
        if isinstance(node, nodes.Call) and isinstance(node.node, nodes.Name) and node.node.name in self._macros:
            return self._call(node, node.node.name, scope, state, times, depth)
        shape = self._expressions.read(node, scope)
        if not shape.text:
            self._wrong(node.lineno, f"`{shape.name}` is not a text: show what is in it")
            return state
        self._length += times * shape.length
        if self._block == "system":
            self._in_system(node.lineno, shape)
        if shape.name == "answer_form" and not depth:
            self.always[self._block] += self._form
        self._stretch.value(shape, node.lineno)
        if not depth and shape.name == "mark":
            self.always[self._block] += MARK
        return state

    def _in_system(self, line: int, shape: Shape) -> None:
        if shape.whose is Whose.THEIRS:
            self._wrong(line, f"`{shape.name}` is text of others: it stands in the block `user`, behind a fence")
        elif shape.whose is Whose.EITHER:
            self.bare.add(shape.name.partition(".")[0])

    def _system(self, node: nodes.Block) -> None:
        """Warn of what makes the beginning of all prompts differ from call to call."""
        for each in node.find_all(nodes.Name):
            if each.name in BLOCKS["system"] or each.name == "mark":
                message = f"`{each.name}` differs from call to call: in block `system` it keeps providers from caching"
                self.warnings.append((each.lineno, message))

    def _branch(self, node: nodes.If, scope: dict[str, Shape], state: FenceState, times: int, depth: int) -> FenceState:
        state = self._end(state)
        ways = [(node.test, node.body), *((each.test, each.body) for each in node.elif_)]
        self._work += times * len(node.elif_)
        after: FenceState | None = None
        for test, body in ways:
            self._expressions.condition(test, scope)
            after = self._way(node, body, scope, state, times, depth, after)
        return self._way(node, node.else_, scope, state, times, depth, after)

    def _way(
        self,
        node: nodes.Node,
        body: Sequence[nodes.Node],
        scope: Mapping[str, Shape],
        state: FenceState,
        times: int,
        depth: int,
        after: FenceState | None,
    ) -> FenceState:
        """Return the state after a way that may be gone, with those of the ways before it."""
        ended = self._end(self._rows(body, dict(scope), state, times, depth + 1))
        if ended.tags != state.tags:
            self._wrong(node.lineno, "a branch or a loop leaves other fences open than it found: open and close in one")
            ended = FenceState(state.tags, ended.ends)
        return ended if after is None else after.joined(ended)

    def _loop(self, node: nodes.For, scope: dict[str, Shape], state: FenceState, times: int, depth: int) -> FenceState:
        state = self._end(state)
        shape = self._expressions.read(node.iter, scope) if isinstance(node.iter, nodes.Name) else LOOP
        if shape.items is None:
            self._wrong(node.lineno, "a loop goes over passages, turns, departures, segments or a declared list")
            return state
        if node.recursive:
            self._wrong(node.lineno, "a loop may not be recursive")
        unpacked = self._expressions.unpacked(node.target, shape)
        if taken := next((each for each in unpacked if each in self._macros or each == "loop"), ""):
            self._wrong(node.lineno, f"`{taken}` is there already: choose another name")
        self._work += times * shape.most
        inner = {**scope, **unpacked, "loop": LOOP}
        if node.test is not None:
            self._expressions.condition(node.test, inner)
        after = self._way(node, node.body, inner, state, times * shape.most, depth, state)
        # Once more, for what stands at the end of one round and at the beginning of the next.
        after = self._way(node, node.body, inner, after, 0, depth, after)
        return self._way(node, node.else_, scope, state, times, depth, after)

    def _call(
        self, node: nodes.Call, name: str, scope: Mapping[str, Shape], state: FenceState, times: int, depth: int
    ) -> FenceState:
        """Return the state after a macro of the template's own, as if it stood in the place of its call."""
        macro = self._macros[name]
        if node.dyn_args is not None or node.dyn_kwargs is not None or macro.defaults:
            self._wrong(node.lineno, "a macro takes its arguments one by one, and has no defaults")
            return state
        given: dict[str, Shape] = {}
        for parameter, value in zip(macro.args, node.args, strict=False):
            given[parameter.name] = self._expressions.read(value, scope)
        given |= {each.key: self._expressions.read(each.value, scope) for each in node.kwargs}
        wanted = {parameter.name for parameter in macro.args}
        if set(given) != wanted or len(node.args) + len(node.kwargs) != len(wanted):
            self._wrong(
                node.lineno, f"macro `{name}` takes: {', '.join(each.name for each in macro.args) or 'nothing'}"
            )
            return state
        self._work += times
        return self._rows(macro.body, {**OF_ALL, **self._declared, **given}, state, times, depth + 1)


_STATEMENTS: Final[Mapping[type[nodes.Node], str]] = {
    nodes.Include: "include",
    nodes.Import: "import",
    nodes.FromImport: "import",
    nodes.Extends: "extends",
    nodes.Block: "a block",
    nodes.Macro: "a macro",
    nodes.CallBlock: "a call block",
    nodes.FilterBlock: "a filter block",
    nodes.AssignBlock: "set with a body",
    nodes.Assign: "setting several names or attributes",
    nodes.With: "with",
}


def _refused(node: nodes.Node, where: str) -> str:
    what = _STATEMENTS.get(type(node), type(node).__name__.lower())
    return f"{what} is not allowed {where}"
