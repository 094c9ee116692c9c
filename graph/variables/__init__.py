"""Clinical variables: sets of concepts with a name, as files that people keep, check and apply to coded data."""
