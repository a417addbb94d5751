"""Models behind the Generator port."""
