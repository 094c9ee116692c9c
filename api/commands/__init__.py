"""The commands of `enlace`, one module each. They are thin: what they do is in the other rooms."""
