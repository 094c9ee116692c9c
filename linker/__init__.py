"""From a clinical mention to ranked concepts: encoder, index, fusion, re-ranking."""
