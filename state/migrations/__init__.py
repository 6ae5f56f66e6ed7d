"""The schema's history. Every step is explicit: what was true when it was written stays as it was."""
