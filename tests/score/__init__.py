"""How well the detector tells: series that are made, series that are labelled, and the figures of both."""
