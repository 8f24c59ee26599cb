-- Sums are folded and forgotten target by target since: nothing asks for all of a time.
DROP INDEX rollup_by_time;
