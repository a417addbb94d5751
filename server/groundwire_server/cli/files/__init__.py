"""Files as documents: finding, reading and converting them, and remembering which are stored."""
