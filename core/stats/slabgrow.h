#ifndef CORE_PAGEGROW_H
#define CORE_PAGEGROW_H
/* Pages that only grow: regions of one size that appear one after another, are filled and never
 * given back, as an allocator leaves them behind. Pure: looks at several scans of one process.
 * The caller cuts what it sees into regions of the pages' size (the kernel merges neighbours into
 * one mapping) and says how much of each is occupied, in memory or swapped. */
#include "core/base/base.h"

struct page_region {
	uint64_t addr, size; /* bytes; the size is the class */
	double occupied;     /* 0..1 */
};
struct page_scan {
	double t;			   /* seconds, ascending from scan to scan */
	const struct page_region *regions; /* borrowed; ascending addresses */
	size_t n;
};
/* One class. A region counts from half full on; emptied or unmapped, it is freed. */
struct page_growth {
	uint64_t size;
	unsigned count;	   /* of the last scan */
	unsigned appeared; /* of these, since the first scan */
	unsigned freed;	   /* that were there in a scan and not in the next */
	double within_s;   /* all that appeared did so in this time before the last scan */
	bool only_grows;   /* at least two appeared, 30 min or more passed, none was freed */
};
/* Classes with a region in any scan, most bytes in the last scan first; at most cap. */
size_t slabgrow_judge(const struct page_scan *scans, size_t n, struct page_growth *out, size_t cap);
#endif
