"""The networks on single samples, offline: images in, their own outputs out."""
