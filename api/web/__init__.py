"""What browsers are served. Everything comes from this machine: no page loads anything from elsewhere."""
