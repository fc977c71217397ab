"""Whether every copy that a loss would be made good from is there and fresh."""
