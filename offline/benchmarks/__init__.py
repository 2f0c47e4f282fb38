"""What offline/benchmark.py measures: one module per kind of measurement."""
