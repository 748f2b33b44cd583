"""Recordings on disk: how files are named, what a channel's plan wants, what is there, and what is missing.

Everything here is plain computing over names, times and a directory reader; the collector is
`agent.collectors.recordings`. Times are whole seconds since 1970 UTC unless a name says otherwise.
"""
