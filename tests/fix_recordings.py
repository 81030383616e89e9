"""Public recordings, where they lie beside the project: `../shared/data`. `benchmarks.annotated` reads them."""

from pathlib import Path

import pytest

from onebox.environment import PROJECT

RECORDINGS = PROJECT.parent / "shared" / "data"


@pytest.fixture(scope="session")
def recordings() -> Path:
    """The folder of public recordings; without it the test is skipped."""
    if not RECORDINGS.is_dir():
        pytest.skip("no public recordings beside the project, in ../shared/data")
    return RECORDINGS
