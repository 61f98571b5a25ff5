"""Long-running servers that `chatrec` starts."""
