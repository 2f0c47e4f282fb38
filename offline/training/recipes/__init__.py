"""One module a recipe: what is trained, and by which loss."""
