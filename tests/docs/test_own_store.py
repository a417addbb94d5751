"""The store of the how-to page keeps what every store keeps."""

import pytest

from docs.examples.dictionary_store import DictionaryStore
from groundwire_server.app.clock import SystemClock
from tests.contract import test_corpus, test_quarantine, test_retriever, test_sentence_vectors
from tests.contract.stores import Store

# The contract suites, run over the `store` of this module.
for _suite in (test_corpus, test_quarantine, test_retriever, test_sentence_vectors):
    globals().update({name: test for name, test in vars(_suite).items() if name.startswith(("test_", "Test"))})


@pytest.fixture
def store() -> Store:
    """What the suites run over."""
    store = DictionaryStore(SystemClock())
    return Store(store, store, store)
