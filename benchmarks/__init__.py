"""Commands that print what Enlace's documents claim."""
