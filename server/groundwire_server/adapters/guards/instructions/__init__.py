"""Finding what a question or a document says to the model that reads it, and what no document should ask for."""
