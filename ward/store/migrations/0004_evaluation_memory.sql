-- What was scored last, so that a score is written only when it changes, whichever worker evaluates.
alter table evaluation_due add column score_digest bigint;
alter table evaluation_due add column scored_at timestamptz;
