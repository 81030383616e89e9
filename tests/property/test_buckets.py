"""A span is cut so that every instant comes from exactly one source, and from an aggregate only where that is right."""

from datetime import UTC, datetime, timedelta

import hypothesis.strategies as st
from hypothesis import given

from ward.store.buckets import Piece, cut
from ward.store.rollups import DAY, HOUR, State, floor

_ORIGIN = datetime(2026, 3, 28, tzinfo=UTC)
_MINUTES = 5 * 24 * 60
_AT = st.integers(0, _MINUTES * 60).map(lambda seconds: _ORIGIN + timedelta(seconds=seconds))
_HOUR = st.integers(0, _MINUTES // 60).map(lambda hours: _ORIGIN + timedelta(hours=hours))
_DAY = st.integers(0, 5).map(lambda days: _ORIGIN + timedelta(days=days))
_STEP = st.sampled_from([timedelta(seconds=10), *(timedelta(minutes=m) for m in (1, 5, 15, 60, 90, 1440))])


@st.composite
def _cuts(draw: st.DrawFn) -> tuple[datetime, datetime, timedelta, State, list[datetime], list[Piece]]:
    start, end = sorted((draw(_AT), draw(_AT)))
    dropped, rolled = sorted((draw(_DAY), draw(_HOUR)))
    dropped = floor(dropped, DAY)
    step = draw(_STEP)
    pending = [hour for hour in draw(st.lists(_HOUR, max_size=30)) if hour < rolled]
    state = State(rolled_until=rolled, dropped_until=dropped)
    end += timedelta(seconds=1)
    return start, end, step, state, pending, cut(start, end, step, state, pending)


@given(_cuts())
def test_pieces_cover_the_span_once(
    case: tuple[datetime, datetime, timedelta, State, list[datetime], list[Piece]],
) -> None:
    """The pieces of a span, in order, follow one another from its beginning to its end."""
    start, end, _, _, _, found = case
    ordered = sorted(found, key=lambda piece: piece.start)

    assert [ordered[0].start, *(piece.end for piece in ordered)] == [*(piece.start for piece in ordered), end]
    assert ordered[0].start == start
    assert all(piece.start < piece.end for piece in found)


@given(_cuts())
def test_aggregates_are_taken_where_they_are_right(
    case: tuple[datetime, datetime, timedelta, State, list[datetime], list[Piece]],
) -> None:
    """A piece from an aggregate holds whole buckets that fit the step, none of them unrolled or marked."""
    _, _, step, state, pending, found = case
    marked = [hour for hour in pending if hour >= state.dropped_until]
    for piece in found:
        if piece.level is None or piece.end <= state.dropped_until:
            continue
        assert not step % piece.level.step
        assert (floor(piece.start, piece.level.step), floor(piece.end, piece.level.step)) == (piece.start, piece.end)
        assert piece.end <= state.rolled_until
        first, last = (floor(piece.start, DAY), piece.end) if piece.level.step == DAY else (piece.start, piece.end)
        assert not [hour for hour in marked if first < hour + HOUR and hour < last]


@given(_cuts())
def test_dropped_readings_are_not_asked_for(
    case: tuple[datetime, datetime, timedelta, State, list[datetime], list[Piece]],
) -> None:
    """Where readings have been dropped, every piece comes from an aggregate."""
    _, _, _, state, _, found = case

    assert all(piece.level is not None for piece in found if piece.start < state.dropped_until)


@given(st.lists(_HOUR, max_size=120))
def test_pieces_stay_few(pending: list[datetime]) -> None:
    """However many hours are marked, a query is put together from some tens of pieces at most."""
    state = State(rolled_until=_ORIGIN + timedelta(days=6), dropped_until=_ORIGIN - DAY)

    assert len(cut(_ORIGIN, _ORIGIN + timedelta(days=5), DAY, state, pending)) <= 60


def test_a_quiet_year_comes_from_days() -> None:
    """A span of whole days that is rolled up is one piece, of days."""
    end = _ORIGIN + timedelta(days=365)
    found = cut(_ORIGIN, end, DAY, State(rolled_until=end, dropped_until=_ORIGIN), [])

    assert [(piece.level and piece.level.table, piece.start, piece.end) for piece in found] == [
        ("rollup_1d", _ORIGIN, end)
    ]
