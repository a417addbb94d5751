"""Taking documents in: checked, cut, embedded, and stored whole or not at all."""
