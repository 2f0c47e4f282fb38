"""Differentiable losses of the published systems and the geometry that only training needs."""
