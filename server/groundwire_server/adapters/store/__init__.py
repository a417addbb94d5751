"""Stores: Retriever, Corpus and SentenceVectors."""
