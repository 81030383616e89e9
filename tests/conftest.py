"""Fixtures live in one small file per resource; this one only names them."""

pytest_plugins = [
    "tests.fix_golden",
    "tests.fix_store",
    "tests.fix_ward",
    "tests.fix_broker",
    "tests.fix_api",
    "tests.fix_machine",
]
