"""Files as documents: found, read, converted, and remembered once they are stored."""
