"""Networks only: nn.Modules that compute on normalised tensors."""
