"""Training of bi-encoders and cross-encoders from a release's terms and annotated mentions."""
