"""Who may begin, of all that costs something."""
