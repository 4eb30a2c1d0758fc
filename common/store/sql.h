#pragma once
/* The queries of common/store/sql, by the name of their file without .sql. Static texts; CHECKs that the file exists.
 */
const char *sql_text(const char *name);
/* The same for metric_facts_hourly: the lines marked --hour count, and metric_facts becomes metric_facts_hourly. Made
 * once and kept for the life of the process. Main thread only. */
const char *sql_text_hourly(const char *name);
