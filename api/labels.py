"""Where `graph.labels` was; see there."""

from graph.labels import LANGUAGES, fully_specified_name, preferred_term, without_tag

__all__ = ["LANGUAGES", "fully_specified_name", "preferred_term", "without_tag"]
