"""Documents: mentions found in text, their context, and the concepts linked to them."""
