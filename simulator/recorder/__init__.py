"""A closed recorder's inside, whatever it speaks: channels, recordings, disks, accounts, log."""
