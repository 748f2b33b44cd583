"""What recorders and cameras tell of themselves: storage, fan, power, temperature, lost pictures, tampering.

Each language has a file that turns its words into `model.Told`; `states` makes events and values of them.
"""
