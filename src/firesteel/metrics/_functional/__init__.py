"""How metrics are computed: sums of batches, merges, results. Its door is ``functional``."""
