"""Reviews: laying answers before persons, their decisions, and samples of what has left."""
