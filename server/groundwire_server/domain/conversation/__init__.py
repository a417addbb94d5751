"""Questions in a conversation: what they take from earlier turns, and the same questions without need of them."""
