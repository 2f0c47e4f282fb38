"""Proxy labels: what a network says of images without truth, for training another."""
