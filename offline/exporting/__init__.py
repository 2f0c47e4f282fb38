"""Building engines ahead of time: what is asked for, what comes of it, what is kept."""
