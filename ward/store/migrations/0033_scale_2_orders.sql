-- An order of SpO2 scale 2 names a doctor of the staff, and nobody else's signature makes it whole, not even by SQL.
alter table plan add constraint plan_ordered check (
    not 'scale_2_order' = any(asks) or approved_by is null or rules #>> '{scale_2_order,doctor_id}' is null
    or approved_by::text = rules #>> '{scale_2_order,doctor_id}');
