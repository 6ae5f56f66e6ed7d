"""Providers that answer on loopback: real HTTP servers that keep what they accepted, and fail when told to."""
