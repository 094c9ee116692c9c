"""The formats that annotated documents are written in, a module each."""
