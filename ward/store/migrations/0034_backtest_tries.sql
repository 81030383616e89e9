-- A back-test whose worker dies with it is not tried for ever: by how many workers its turn was begun, and in which of
-- two ways it failed: it broke, or whoever counted it was cut off again and again.
alter table backtest
    add column tries int not null default 0,
    add column failure text check (failure in ('broke', 'cut_off'));
update backtest set failure = 'broke' where state = 'failed';
