"""What guards look for in a text, and what is made of what they find."""
