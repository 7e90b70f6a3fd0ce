"""The stacks' states in the state bucket: their checks, their versions, and the way back to one of them."""
