"""The proof that detection works: a catalogue of faults, each with its one ticket, and randomised months of many sites.

`python -m tests.detection` plays the months and prints recall, precision, tickets per fault and delay by kind of fault.
"""
