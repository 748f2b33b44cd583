"""A site's telemetry without the site: what a hub would receive of it over any span of time, from a script and a seed.

`things` says what each kind of device tells while it is well, `effects` what each kind of fault changes about that,
`gateway` how an agent sends it, `recording` puts it into lines. Nothing here opens a socket or looks at a clock.
"""
