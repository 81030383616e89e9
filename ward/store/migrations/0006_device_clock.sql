-- How far a device's clock is ahead of the platform's, as its messages tell: the greatest (measured - received) of a
-- while, kept for the while that runs and the one before, so that a clock that was set right is soon believed.
create table device_clock (
    device_no bigint primary key references device,
    began_at timestamptz not null,
    ahead_us bigint not null,
    messages int not null,
    before_us bigint,
    before_messages int not null default 0
) with (fillfactor = 50);
