"""Any velocity of a landscape: its score, its picture, the peak that is near."""
