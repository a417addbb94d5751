"""Models that check sentences, behind the Checker port."""
