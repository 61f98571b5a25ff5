"""From candidates to reasons: the prompt, the language model's picks, and the check of every claim."""
