"""Frame features of a dataset, made once by a tower and read without pixels."""
