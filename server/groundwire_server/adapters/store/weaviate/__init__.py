"""The Weaviate store: one collection of chunks and one of documents, one Weaviate tenant for each tenant.

`store.py` opens it, `options.py` says what can be configured, `migration.py` brings the schema up to date. Nothing is
imported here: the client takes half a second, and the options are read by servers that have no Weaviate.
"""
