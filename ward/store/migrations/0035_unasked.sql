-- An alert that is gone because the plan asks for it no more is not one of a patient who got better: it says which.
alter table alert
    add column unasked boolean not null default false,
    add constraint alert_unasked_is_gone check (not unasked or cleared_at is not null);
