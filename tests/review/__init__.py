"""What a reader with fresh eyes tried to break, and what holds since."""
