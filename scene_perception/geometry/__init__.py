"""Pure tensor functions for camera geometry: no state, no modules."""
