"""What the product needs from the world, one small protocol a file."""
