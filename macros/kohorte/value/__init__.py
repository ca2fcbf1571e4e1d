"""What customers will bring: BG/NBD for how often, gamma-gamma for how much."""
