"""Object identifiers that we read, by the documents that define them."""

Oid = tuple[int, ...]
Value = int | bytes | Oid | None
"""A number, a text's bytes, an identifier; None for what the switch does not have."""

_MIB2 = (1, 3, 6, 1, 2, 1)

# SNMPv2-MIB (RFC 3418)
SYS_DESCR = (*_MIB2, 1, 1, 0)
SYS_UPTIME = (*_MIB2, 1, 3, 0)
SYS_NAME = (*_MIB2, 1, 5, 0)

# IF-MIB (RFC 2863); columns, to which an ifIndex is added
_IF = (*_MIB2, 2, 2, 1)
_IFX = (*_MIB2, 31, 1, 1, 1)
IF_DESCR = (*_IF, 2)
IF_TYPE = (*_IF, 3)
IF_ADMIN = (*_IF, 7)
IF_OPER = (*_IF, 8)
IF_IN = (*_IF, 10)
IF_IN_DISCARDS = (*_IF, 13)
IF_IN_ERRORS = (*_IF, 14)
IF_OUT = (*_IF, 16)
IF_OUT_DISCARDS = (*_IF, 19)
IF_OUT_ERRORS = (*_IF, 20)
IF_NAME = (*_IFX, 1)
IF_HC_IN = (*_IFX, 6)
IF_HC_OUT = (*_IFX, 10)
IF_HIGH_SPEED = (*_IFX, 15)
IF_ALIAS = (*_IFX, 18)
IF_DISCONTINUITY = (*_IFX, 19)

# BRIDGE-MIB (RFC 4188) and Q-BRIDGE-MIB (RFC 4363)
BASE_PORT_IF_INDEX = (*_MIB2, 17, 1, 4, 1, 2)
FDB_PORT = (*_MIB2, 17, 4, 3, 1, 2)
Q_FDB_PORT = (*_MIB2, 17, 7, 1, 2, 2, 1, 2)

# POWER-ETHERNET-MIB (RFC 3621); a port is group and number, a supply is a group
PSE_DETECTION = (*_MIB2, 105, 1, 1, 1, 6)
PSE_POWER = (*_MIB2, 105, 1, 3, 1, 1, 2)
PSE_CONSUMPTION = (*_MIB2, 105, 1, 3, 1, 1, 4)
