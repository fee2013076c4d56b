"""How much windows are like a query span."""
