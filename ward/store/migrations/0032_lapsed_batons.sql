-- An offer of a patient who has gone over to another team meanwhile has lapsed: nobody answered it, and nobody can.
alter table baton
    drop constraint baton_answer_check,
    drop constraint baton_check3,
    add constraint baton_answer_check check (
        answer = any (array['accepted', 'declined', 'withdrawn', 'timed_out', 'lapsed'])),
    add constraint baton_check3 check ((answered_by is null) = (answer is null or answer in ('timed_out', 'lapsed')));
