"""The shell: joins bots and state, and is the only door to the world."""
