"""One module a page: functions of a visit, and the table of their addresses."""
