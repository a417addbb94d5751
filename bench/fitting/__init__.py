"""Fitting what the server decides with: each module is a script that writes a small file of weights."""
