"""What callers say of outcomes, and the labelled cases that come of it."""
