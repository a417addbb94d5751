"""Changes of prompts at run time: what may be pushed, and which versions labels may point at."""
