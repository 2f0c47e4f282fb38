"""Readers of recorded camera data on disk."""
