"""What every channel must do, and what each does with the odd, the hostile and the broken."""
