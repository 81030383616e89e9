-- Which worker evaluated a stay last, so that it need not read again what it has read already.
alter table evaluation_due add column evaluated_by bigint;
