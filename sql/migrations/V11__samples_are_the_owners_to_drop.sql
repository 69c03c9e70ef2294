-- Old samples are dropped by `footfall retain`, as what is old in every table is: the writer may only add.
DROP FUNCTION IF EXISTS footfall.drop_old_pipeline_samples(integer);
REVOKE USAGE ON SCHEMA footfall FROM footfall_writer;
