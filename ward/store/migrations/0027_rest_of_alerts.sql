-- The last revision at which an alert got worse or rang anew: who saw it since may acknowledge it, whatever else has changed.
alter table alert add column worse_rev int;
update alert set worse_rev = rev;
alter table alert
    alter column worse_rev set not null,
    alter column worse_rev set default 1,
    add constraint alert_worse_rev_check check (worse_rev between 1 and rev);
