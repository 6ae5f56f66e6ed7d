"""What bots say and when: pure finite-state machines, with no I/O, no clock, no randomness and no database."""
