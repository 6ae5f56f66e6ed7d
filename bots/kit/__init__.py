"""What every bot is made of: events, effects, the script language and the machine that walks it."""
