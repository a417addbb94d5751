"""Reviews of answers by people: opening them, deciding, and what follows a decision."""
