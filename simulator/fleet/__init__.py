"""A crowd of devices in one process: ten thousand connections that cost next to nothing, with faults on purpose."""
