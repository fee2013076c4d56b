"""What can be taken along: label files, results, and the precision so far."""
