"""Nothing but this docstring."""
