"""The embedded store: one SQLite file for text, keywords, tenants and filters, with the vectors held in numpy.

It serves up to about 50,000 chunks a tenant and needs nothing beside it. See `store.py` for how it is opened.
"""

from groundwire_server.adapters.store.embedded.failures import UnusableStoreFailure
from groundwire_server.adapters.store.embedded.schema import Embedding
from groundwire_server.adapters.store.embedded.store import EmbeddedStore

__all__ = ["EmbeddedStore", "Embedding", "UnusableStoreFailure"]
