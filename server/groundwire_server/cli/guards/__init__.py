"""`groundwire guards`: what looks at text, and what it says of one."""
