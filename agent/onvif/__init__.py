"""An ONVIF client for many devices in little memory.

Every device shares one parsed service definition per service; a client of its own costs a few kilobytes. Nothing here
is imported by a collector until it makes its first client: zeep takes 20 MB that an agent without cameras keeps.
"""
