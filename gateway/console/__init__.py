"""The managers' pages, rendered on the server. For now they only show: what managers do goes through the API."""
