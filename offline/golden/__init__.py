"""Golden cases of the published networks and our side of them."""
