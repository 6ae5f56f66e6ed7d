"""Stories: plain lines of what happens in a shop, when, and what must be seen then; played by a rehearsal."""
