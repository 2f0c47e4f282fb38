"""Published evaluation metrics: pure functions of NumPy arrays, one protocol for each system."""
