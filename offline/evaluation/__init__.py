"""Predictions against ground truth: tasks, where predictions come from, and the report."""
