"""Rows of many sources, as codes or text, onto the clinical variables of one file."""
