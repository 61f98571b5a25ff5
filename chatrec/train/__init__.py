"""Everything that is learned: the retrievers of a catalog, the scoring head, its calibration."""
