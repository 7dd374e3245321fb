"""Statistical models: written for convenience, fitted directly, blind to mechanism."""
