"""Definitions of experiments, and the routes that their arms make of a configuration."""
