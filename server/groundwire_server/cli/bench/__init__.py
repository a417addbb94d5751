"""Measuring a server: its load, its figures and its page; `python -m bench` of a checkout shares them."""
