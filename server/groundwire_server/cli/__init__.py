"""The `groundwire` command. One file a command; what takes long to import is imported when the command runs."""
