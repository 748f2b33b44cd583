"""A device looked at once, without a hub: what a technician reads at a recorder and hands over."""
