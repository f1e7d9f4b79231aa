"""The router decides, and the flow carries."""
