"""Questions about documentations that others wrote, and how well they are answered; their text is not kept here."""
