-- Where a patient is to be found: on the list that is printed for when nothing else works, somebody drives there.
alter table patient add column address text check (length(address) between 1 and 300);
