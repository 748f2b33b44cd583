"""What every simulated device shares, whatever it speaks: its port, its faults, its accounts."""
