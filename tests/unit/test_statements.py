"""Statements whose places are numbered once."""

import pytest

from ward.store.statements import Statement


@pytest.mark.parametrize("text", [b"select %s", b"select %(a)s where b like 'x%'", b"select %%"])
def test_a_place_without_a_name_is_refused_when_it_is_written(text: bytes) -> None:
    """A statement that could mean something else than it says is not kept until somebody asks it."""
    with pytest.raises(ValueError, match="place"):
        Statement(text)
