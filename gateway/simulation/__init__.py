"""A month of a shop in virtual time: random customers, managers, orders, parcels and faults, the same ones for the same seed."""
