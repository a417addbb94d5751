"""The quality of retrieval, measured on labelled questions."""
