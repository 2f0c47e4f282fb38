"""Training: recipes, the loop that runs them, and where its batches come from."""
