"""What is shown: the slate, the sentences around it, and what could not be done."""
