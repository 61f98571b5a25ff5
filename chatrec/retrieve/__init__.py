"""What could fit: several retrievers over one index, fused, with the hard constraints enforced."""
