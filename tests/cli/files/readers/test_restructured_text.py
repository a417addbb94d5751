"""reStructuredText as Markdown."""

import pytest

from groundwire_server.cli.files.readers.restructured_text import read


def text(source: str) -> str:
    return read(source.encode(), "a.rst").text.strip()


def test_sections_have_the_level_of_their_underlines() -> None:
    found = read(b"=====\nGuide\n=====\n\nText.\n\nInstall\n-------\n\nRun.\n\nLinux\n^^^^^\n\nIt.\n", "a.rst")
    assert found.text.strip() == "# Guide\n\nText.\n\n## Install\n\nRun.\n\n### Linux\n\nIt."
    assert found.title == "Guide"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("* one\n\n  more\n* two", "- one\n\n  more\n- two"),
        ("3. one\n4. two", "3. one\n4. two"),
        ("Term\n  Its meaning.", "- **Term**: Its meaning."),
        (":key: value", "- **key**: value"),
        ("-v  be loud", "- `-v`: be loud"),
        ("Run::\n\n  make all\n\n  make docs", "Run:\n\n```\nmake all\n\nmake docs\n```"),
        (".. code-block:: sh\n   :caption: c\n   :linenos:\n\n   make", "```sh\nmake\n```"),
        (">>> 1\n1", "```pycon\n>>> 1\n1\n```"),
        (
            "=====  ===\nLand   Fee\n=====  ===\nPeru   12\nChile  9\n=====  ===",
            "| Land | Fee |\n| --- | --- |\n| Peru | 12 |\n| Chile | 9 |",
        ),
        (
            ".. list-table::\n   :header-rows: 1\n\n   * - A\n     - B\n   * - 1\n     - 2",
            "| A | B |\n| --- | --- |\n| 1 | 2 |",
        ),
        (".. note:: Take care.", "**Note:** Take care."),
        (".. seealso:: :ref:`there <x>`", "**See also:** there"),
        ("``code`` *so* **very** `title`", "`code` *so* **very** title"),
        (
            ":func:`~os.path.join` and :ref:`the guide <guide>`, :confval:`log_level`",
            "`join` and the guide, `log_level`",
        ),
        ("`Python <https://python.org>`__ and https://a.org", "[Python](https://python.org) and https://a.org"),
        (".. versionadded:: 8.2", "Added in version 8.2."),
        (".. versionchanged:: 8.2 It is faster.", "Changed in version 8.2: It is faster."),
        (".. tab:: macOS\n\n   Run it.", "# macOS\n\nRun it."),
        (".. confval:: log_level\n   :type: str\n\n   The level.", "# log_level\n\nThe level."),
        (".. only:: html\n\n   Text.", "Text."),
        (".. rubric:: Notes", "# Notes"),
        ("1 \\* 2", "1 * 2"),
    ],
)
def test_it_is_written_as_markdown(source: str, expected: str) -> None:
    assert text(source) == expected


@pytest.mark.parametrize(
    "source",
    [
        ".. a comment",
        ".. include:: /etc/passwd",
        ".. literalinclude:: /etc/passwd",
        ".. raw:: html\n   :file: /etc/passwd",
        ".. csv-table::\n   :file: /etc/passwd",
        ".. toctree::\n   :maxdepth: 2\n\n   a\n   b",
        ".. _target:",
    ],
)
def test_no_other_file_is_read_and_nothing_hidden(source: str) -> None:
    found = text(f"Text.\n\n{source}\n")
    assert found.startswith("Text.")
    assert "root:" not in found
    assert "maxdepth" not in found


def test_a_broken_table_keeps_its_text() -> None:
    assert "Peru" in text("=== ===\nLand Fee\n=== ===\nPeru is long 12\n=== ===")


def test_directives_whose_text_is_elsewhere_are_named() -> None:
    source = (
        "Text.\n\n.. include:: a.txt\n\n.. autoclass:: X\n   :members:\n\n.. autoclass:: Y\n\n.. toctree::\n\n   a\n"
    )
    assert read(source.encode(), "a.rst").warnings == ("what these directives bring is left out: autoclass, include",)


def test_a_directive_that_code_shows_is_not_named() -> None:
    assert not read(b"Write::\n\n  .. include:: a.txt\n", "a.rst").warnings
