"""JSON lines read a column at a time: lines of one layout differ in their values only, so their values are cut out by position."""
