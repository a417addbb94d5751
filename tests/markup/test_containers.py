"""Containers and shortcodes: only what is in them is seen, and their titles."""

import pytest

from groundwire_server.markup.blocks import blocks


def seen(text: str) -> list[str]:
    return [text[block.start : block.end] for block in blocks(text) if block.kind.value != "hidden"]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("::: tip\nTake *care*.\n:::\nAfter.", ["Take *care*.", "After."]),
        ("::: {.warning}\n- a\n- b\n::::", ["- a\n- b"]),
        (":::details More of it\n\nInside.\n\n:::", ["More of it", "Inside."]),
        (":::note[Mind this]\nInside.\n:::", ["Mind this", "Inside."]),
        (":::{admonition} Mind this\nInside.\n:::", ["Mind this", "Inside."]),
        ("::: warning Title :::\nInside.\n:::", ["Title", "Inside."]),
        (":::: outer\n::: inner\nDeep.\n:::\n::::", ["Deep."]),
        ("{{< note >}}\nMind this.\n{{< /note >}}", ["Mind this."]),
        ('{{% tab name="Debian or Ubuntu" %}}\nRun it.\n{{% /tab %}}', ["Debian or Ubuntu", "Run it."]),
        ("{% note %}\n\nMind this.\n\n{% endnote %}", ["Mind this."]),
        ("a {{< b >}} c", ["a {{< b >}} c"]),
        ("Term\n: meaning", ["Term\n: meaning"]),
        ("Use `:::` here.\n: :: no", ["Use `:::` here.\n: :: no"]),
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_the_marks_of_containers_are_not_seen(text: str, shown: list[str], end: str) -> None:
    assert seen(text.replace("\n", end)) == [each.replace("\n", end) for each in shown]


@pytest.mark.parametrize("code", ["```\n::: tip Title\nx\n:::\n```", "    ::: tip Title\n    x\n    :::"])
def test_code_that_shows_a_container_stays_as_it_is(code: str) -> None:
    assert seen(f"Write:\n\n{code}\n\nAfter.") == ["Write:", code, "After."]


@pytest.mark.parametrize(
    "line", [":" * 200_000 + "]", "::: " + "a" * 200_000 + "\t" * 200_000 + "]", "{{<" + "a" * 400_000, "{% " * 200_000]
)
def test_a_long_line_is_looked_at_once(line: str) -> None:
    assert seen(line)
