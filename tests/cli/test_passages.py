"""What is shown of a passage."""

from groundwire_server.cli.passages import LINE, line_of


def test_a_passage_has_a_line_of_its_beginning() -> None:
    assert line_of("# Title\n\nOne\ntwo.\n\n- three") == "One two. - three"
    assert len(line_of("word " * 100)) <= LINE
    assert line_of("word " * 100).endswith("…")
