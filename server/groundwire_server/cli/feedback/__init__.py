"""`groundwire feedback`: what callers have said of answers, and labelled cases."""
