"""The project's exceptions, one tree. Bad data is a value (`Rejected`), never an exception.

::

    HemvaktError
    ├── ConfigError        the operator must change a setting; the text says which and to what
    ├── NotFound           the thing asked for does not exist, or not for this principal
    ├── Blocked            the patient has blocked the unit that asks; that there is a block is all it may know
    ├── Conflict           somebody else changed it first; carries nothing but the reason
    ├── IllegalTransition  an event that the alert's state does not allow
    ├── StoreUnavailable   the store does not answer; nothing was acknowledged
    │   └── StoreBusy      somebody else holds what was to be changed
    ├── CorruptBlock       stored samples are not those that were put there
    ├── MaintenanceFailed  a backup, restore or export was not finished; what is in use was not touched
    └── PacketError        (ingest.reasons) a device broke the MQTT protocol; its connection is closed
"""


class HemvaktError(Exception):
    """Root of every exception that this project raises itself."""


class ConfigError(HemvaktError):
    """The configuration is wrong; the message lists each fault with what to do."""


class NotFound(HemvaktError):  # noqa: N818 - reads as what happened
    """The thing does not exist, or this principal may not know that it does."""


class Blocked(HemvaktError):  # noqa: N818 - reads as what happened
    """The patient has blocked the unit of whoever asks."""


class Conflict(HemvaktError):  # noqa: N818 - reads as what happened
    """The thing has changed since the caller read it."""


class IllegalTransition(HemvaktError):  # noqa: N818 - reads as what happened
    """The event is not allowed in the state the alert is in."""


class StoreUnavailable(HemvaktError):  # noqa: N818 - reads as what happened
    """The store cannot be reached; the caller holds its work and tries again."""


class StoreBusy(StoreUnavailable):
    """Somebody else holds what was to be changed, for longer than the caller wants to wait."""


class CorruptBlock(HemvaktError):  # noqa: N818 - reads as what happened
    """Stored samples cannot be decoded, or not to what their checksum says; the disk or a program is at fault."""


class MaintenanceFailed(HemvaktError):  # noqa: N818 - reads as what happened
    """A backup, restore or export could not be finished; the store in use is as it was."""
