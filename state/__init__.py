"""Memory: the only rooms that speak SQL or Redis. They know nothing of bots."""
