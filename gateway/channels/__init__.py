"""One file a channel: verify what came in, translate it, send. Nothing here decides."""
