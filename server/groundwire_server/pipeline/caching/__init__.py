"""Earlier answers: what one is looked up by, whether it still holds, which are kept, and one question asked at once."""
