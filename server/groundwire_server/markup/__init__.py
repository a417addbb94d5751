"""Reading the structure of texts."""
