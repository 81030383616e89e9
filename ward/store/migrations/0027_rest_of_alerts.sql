-- The last revision at which an alert got worse or rang anew: who saw it since may acknowledge it, whatever else has changed.
alter table alert add column worse_rev int;
update alert set worse_rev = rev;
alter table alert
    alter column worse_rev set not null,
    alter column worse_rev set default 1,
    add constraint alert_worse_rev_check check (worse_rev between 1 and rev);

-- Alerts that the platform closes when their stay ends.
alter table alert
    drop constraint alert_outcome_check,
    drop constraint alert_cause_check,
    add constraint alert_outcome_check check (
        outcome in ('true_alarm', 'false_alarm', 'self_resolved', 'technical', 'stay_ended')
    ),
    add constraint alert_cause_check check (
        cause in ('deterioration', 'activity', 'artefact', 'equipment', 'limits', 'mistake', 'stay_ended', 'unknown')
    ),
    add constraint alert_ended_by_nobody check (outcome <> 'stay_ended' or resolved_by is null);
