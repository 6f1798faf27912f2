"""The flows of a checkout for people: made from samples, checked, listed, compared, removed."""
