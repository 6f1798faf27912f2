"""How rows are read out of an object, a module a format; all are judged alike, a page at a time."""
