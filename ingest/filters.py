"""Topic names and filters: which are well formed, which are a device's own, which match.

Pure. The invariant: a filter that `is_own` accepts can match no topic of another device.
"""

from ward.wire import PREFIX, VERSION


def own_prefix(device_id: str) -> str:
    """Return what every topic of a device starts with."""
    return f"{PREFIX}/{VERSION}/{device_id}/"


def is_topic_name(text: str) -> bool:
    """Tell whether `text` may name a topic: not empty, no wildcard."""
    return bool(text) and "+" not in text and "#" not in text


def is_filter(text: str) -> bool:
    """Tell whether `text` is a well-formed filter: `+` fills a level, `#` fills the last one."""
    if not text:
        return False
    levels = text.split("/")
    return all(level in {"+", "#"} or is_topic_name(level) or not level for level in levels) and "#" not in levels[:-1]


def is_own(text: str, device_id: str) -> bool:
    """Tell whether a topic or filter lies wholly under the device's own topics."""
    return text.startswith(own_prefix(device_id))


def matches(pattern: str, topic: str) -> bool:
    """Tell whether the well-formed filter `pattern` matches `topic` (neither starts with `$`)."""
    if pattern == topic:
        return True
    wanted, levels = pattern.split("/"), topic.split("/")
    for index, level in enumerate(wanted):
        if level == "#":
            return True
        if index == len(levels) or level not in {"+", levels[index]}:
            return False
    return len(wanted) == len(levels)
