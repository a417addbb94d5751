"""What was found in a passage is remembered, by tenant, within bounds, and without the passage."""

from groundwire_server.pipeline.screening.memory import FindingMemory


class Finder:
    def __init__(self) -> None:
        self.texts: list[str] = []

    def __call__(self, text: str) -> list[int]:
        self.texts.append(text)
        return [len(text)]


def test_a_text_is_read_once_for_each_tenant() -> None:
    memory, find = FindingMemory[int](), Finder()
    assert [memory.recall(tenant, "Rain.", find) for tenant in ("acme", "acme", "globex")] == [[5]] * 3
    assert find.texts == ["Rain.", "Rain."]


def test_what_is_returned_may_be_changed() -> None:
    memory = FindingMemory[int]()
    memory.recall("acme", "Rain.", lambda text: [1]).append(2)
    assert memory.recall("acme", "Rain.", lambda text: []) == [1]


def test_the_oldest_is_forgotten_for_another() -> None:
    memory, find = FindingMemory[int](2), Finder()
    for text in ("a", "b", "c", "b", "a"):
        memory.recall("acme", text, find)
    assert find.texts == ["a", "b", "c", "a"]


def test_no_names_and_texts_pass_for_others() -> None:
    memory, find = FindingMemory[int](), Finder()
    memory.recall("acme", "b", find)
    memory.recall("acm", "eb", find)
    memory.recall("acme", "\ud800", find)
    assert len(find.texts) == 3


def test_it_holds_no_text() -> None:
    memory = FindingMemory[int]()
    memory.recall("acme", "CANARY", lambda text: [])
    assert "CANARY" not in repr(memory) + repr(vars(memory))
