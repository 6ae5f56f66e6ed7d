"""Data: one folder a business. No code lives here."""
