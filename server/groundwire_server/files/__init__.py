"""Reading files that an operator or user has named."""
