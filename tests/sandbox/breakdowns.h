#pragma once
#include "tests/sandbox/cells.h"
#include "tests/sandbox/request.h"
/* Breakdowns of insights (S18, S19): which may be combined, and what of a day falls into each cell. */
struct breakdown;
/* Of a request; NULL when the answer is an error now. A request without breakdowns has one with a single cell. */
const struct breakdown *breakdown_read(struct request *r);
const struct breakdown *breakdown_by_hour(void); /* of the advertiser's day: cell = hour */
int breakdown_cells(const struct breakdown *d);
bool breakdown_is_none(const struct breakdown *d);
bool breakdown_is_hourly(const struct breakdown *d);
/* Meta tells what happened off Meta only to those who name attribution windows. */
bool breakdown_hides_off_meta(const struct breakdown *d);
/* An ad's day in cells. */
void breakdown_split(const struct breakdown *d, const struct account *a, int ad, date_t day,
                     const struct observation *o, const struct fact *f, struct fact *cells);
/* Has the row of a cell its keys? Some rows without impressions lack the hour. key: of the row's object. */
bool breakdown_is_told(const struct breakdown *d, uint64_t key, date_t day, int cell, const struct fact *f);
/* ,"age":"25-34","gender":"female" */
void breakdown_write(struct buf *b, const struct breakdown *d, int cell);
