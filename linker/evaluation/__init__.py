"""How well mentions are linked: metrics with intervals, baselines, the evaluation of a release's index."""
