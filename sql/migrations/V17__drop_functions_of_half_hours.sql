-- Until V15 visits were put together from half hours. Nothing calls these any more, and what they read is gone.
DROP ROUTINE IF EXISTS footfall.visit_cells;
DROP ROUTINE IF EXISTS footfall.visit_cells_of_events;
DROP ROUTINE IF EXISTS footfall.whole_visits;
