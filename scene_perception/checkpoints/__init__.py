"""Published and own weights to and from our state dictionaries."""
