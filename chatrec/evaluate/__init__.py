"""How good it is: dialog logs, their replay, and what is measured on it."""
