"""The payloads of devices: one module a format, decoding to the values of `claims` and encoding beside it."""
