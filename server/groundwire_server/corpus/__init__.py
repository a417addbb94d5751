"""Documents: checked, split, embedded and stored whole or not at all, and purged."""
