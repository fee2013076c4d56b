"""Regions or scores of a large run as a folder of Parquet files, which grows as recordings finish."""
