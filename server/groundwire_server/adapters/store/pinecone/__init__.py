"""The Pinecone store: one index of words and texts, one of vectors, and a namespace for each tenant in both.

`store.py` opens it, `options.py` says what can be configured. Nothing is imported here: the client takes a second, and
the options are read by servers that have no Pinecone.
"""
